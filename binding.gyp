{
  "targets": [
    {
      "target_name": "nativeprof",
      "sources": [
        "native/addon.cc",
        "native/addon_signal.cc",
        "native/addon_labels.cc",
        "native/addon_stack.cc",
        "native/addon_symbols.cc",
        "native/builtin_kinds.cc",
        "native/cfi_expression.cc",
        "native/cfi_program.cc",
        "native/cfi_row.cc",
        "native/code_event_hub.cc",
        "native/code_events.cc",
        "native/code_log.cc",
        "native/constrained_name.cc",
        "native/drain_handles.cc",
        "native/eh_frame.cc",
        "native/elf_symbols.cc",
        "native/end_signals.cc",
        "native/frame_walker.cc",
        "native/frame_walker_arm64.cc",
        "native/frame_walker_memory.cc",
        "native/heap/code_tables.cc",
        "native/heap/context_frame.cc",
        "native/heap/layout.cc",
        "native/heap/oracle.cc",
        "native/heap/reader.cc",
        "native/heap/script_table.cc",
        "native/label_sets.cc",
        "native/label_source.cc",
        "native/leaf_frame.cc",
        "native/leaf_frame_arm64.cc",
        "native/linked_image.cc",
        "native/mapped_file.cc",
        "native/modules.cc",
        "native/native_symbols.cc",
        "native/rust_name.cc",
        "native/safe_read.cc",
        "native/sampler.cc",
        "native/signal_calls.cc",
        "native/sigprof_handler.cc",
        "native/stack_answers.cc",
        "native/stack_here.cc",
        "native/stack_requests.cc",
        "native/stack_walker.cc",
        "native/symbol_name.cc",
        "native/thread_registry.cc",
        "native/thread_state.cc",
        "native/timer/itimer.cc",
        "native/timer/perf_timers.cc",
        "native/timer/posix_timer.cc",
        "native/timer/posix_timer_set.cc",
        "native/timer/thread_list.cc",
        "native/timer/thread_scanner.cc",
        "native/timer/thread_timers.cc",
        "native/timer/tick_signal.cc",
        "native/timer/ticker.cc",
        "native/timer/timer_engine.cc",
        "native/timer/timer_signal.cc",
        "native/timer/timer_ticks.cc",
        "native/timer/wall_timers.cc",
        "native/unwind_rules.cc",
        "native/v8_code.cc",
        "native/walk_comparison.cc"
      ],
      "include_dirs": [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "native"
      ],
      "defines": [
        "NAPI_VERSION=9",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        # A worker may be terminated in the middle of a call, also while it loads the addon: nothing can be thrown then.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "variables": { "compare_walks%": 0, "sanitize%": "" },
      "conditions": [
        ["compare_walks==1", { "defines": ["NATIVEPROF_COMPARE_WALKS"] }],
        ["sanitize!=''", {
          "defines": ["NATIVEPROF_SANITIZED"],
          "cflags_cc": ["-fsanitize=<(sanitize)", "-fno-sanitize-recover=undefined", "-g", "-O1"],
          "ldflags": ["-fsanitize=<(sanitize)"]
        }],
        ["OS=='linux'", {
          "sources": ["native/glibc_compat.cc"],
          "cflags_cc": ["-include", "<(module_root_dir)/native/glibc_pins.h"]
        }]
      ],
      "cflags_cc": ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-O2", "-fno-omit-frame-pointer"],
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,now"],
      "xcode_settings": {
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "OTHER_CPLUSPLUSFLAGS": ["-Wall", "-Wextra", "-fno-omit-frame-pointer"]
      }
    }
  ]
}
