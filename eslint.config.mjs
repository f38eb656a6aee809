// eslint.config.mjs — the house rules that a machine can check. lib/ and test/ are checked with types; scripts and the
// programs in test/fixtures are plain JavaScript and get the rules that find mistakes, no more.

import tseslint from 'typescript-eslint'

const NODE_GLOBALS = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly']),
)

const FORBIDDEN_SYNTAX = [
  ['ExportDefaultDeclaration', 'No default exports: a thing has one name.'],
  ['ExportSpecifier[exported.name="default"]', 'No default exports: a thing has one name.'],
  ['ExportNamedDeclaration > VariableDeclaration[kind!="const"]', 'No mutable exports.'],
  ['TSEnumDeclaration', 'No enums: use a union of string literals.'],
  ['TSModuleDeclaration[kind!="global"]', 'No namespaces: use a module.'],
  ['TSParameterProperty', 'No parameter properties: declare the field.'],
]

// Rules of ESLint itself that find mistakes in plain JavaScript; TypeScript finds these on its own.
const MISTAKES = {
  'array-callback-return': 'error',
  'no-const-assign': 'error',
  'no-dupe-args': 'error',
  'no-dupe-keys': 'error',
  'no-duplicate-case': 'error',
  'no-func-assign': 'error',
  'no-import-assign': 'error',
  'no-this-before-super': 'error',
  'no-undef': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-negation': 'error',
  'use-isnan': 'error',
  'valid-typeof': 'error',
}

export default tseslint.config(
  {
    ignores: ['dist/', 'build/', 'prebuilds/', '.nodes/', '.toolchain/', '.tap/', 'test/fixtures/generated/'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['lib/**/*.{ts,cts}', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-restricted-syntax': [
        'error',
        ...FORBIDDEN_SYNTAX.map(([selector, message]) => ({ selector, message })),
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Code points are what we mean when we spread a string.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
    },
  },
  {
    files: ['lib/**/*.{ts,cts}'],
    rules: {
      // More than three: the rest belongs into one options object.
      '@typescript-eslint/max-params': ['error', { max: 3 }],
    },
  },
  {
    files: ['lib/**/*.{ts,cts}'],
    ignores: ['lib/cli/**', 'lib/auto*'],
    rules: { 'no-console': 'error' },
  },
  {
    // CommonJS, which --require can load; `import x = require()` is not erasable syntax, so it is require() here.
    files: ['lib/**/*.cts'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // t.test() returns a promise that tap itself waits for; subtests are async for symmetry.
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['scripts/**/*.mjs', '*.mjs', 'test/fixtures/**/*.{mjs,cjs,js}'],
    extends: [tseslint.configs.base],
    languageOptions: { globals: NODE_GLOBALS },
    rules: MISTAKES,
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly', __filename: 'readonly' } },
  },
  {
    files: ['scripts/**/*.mjs', '*.mjs'],
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
)
