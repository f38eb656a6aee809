// timer_engine.cc: see timer_engine.h.

#include "timer_engine.h"

#include <cerrno>

namespace nativeprof {

AddResult ResultOfErrno(int error) {
  switch (error) {
    case 0:
      return {AddOutcome::kAdded, 0};
    case ESRCH:
      return {AddOutcome::kThreadGone, error};
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return {AddOutcome::kLimit, error};
    case EPERM:
    case EACCES:
      return {AddOutcome::kForbidden, error};
    case ENOSYS:
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
      return {AddOutcome::kNotAvailable, error};
    default:
      return {AddOutcome::kRefused, error};
  }
}

const char* NameOf(AddOutcome outcome) {
  switch (outcome) {
    case AddOutcome::kAdded:
      return "added";
    case AddOutcome::kAlreadyThere:
      return "already there";
    case AddOutcome::kThreadGone:
      return "the thread has ended";
    case AddOutcome::kLimit:
      return "a limit is reached";
    case AddOutcome::kForbidden:
      return "forbidden";
    case AddOutcome::kNotAvailable:
      return "not available here";
    case AddOutcome::kRefused:
      return "refused";
  }
  return "";
}

}  // namespace nativeprof
