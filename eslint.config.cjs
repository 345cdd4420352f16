// CommonJS, so that NODE_PATH finds the packages: they are installed outside the checkout.
const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
  js.configs.recommended,
  {
    files: ["sales_funnel_control/static/**/*.js"],
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: "module",
      globals: {
        ...globals.browser,
        // What Odoo's bundles put on the page.
        Chart: "readonly",
        luxon: "readonly",
        odoo: "readonly",
        owl: "readonly",
      },
    },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: ["error", "always", {null: "ignore"}],
      "no-console": "error",
      "no-shadow": "error",
      "no-unused-vars": ["error", {argsIgnorePattern: "^_"}],
      "no-use-before-define": ["error", {functions: false}],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
];
