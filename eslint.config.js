import js from "@eslint/js";
import globals from "globals";

const CLASSIC = ["gifapp/web/swagger_ui/*.js", "voila/**/*.js"];

export default [
  { ignores: [".venv/", "site/", "gifapp/web/swagger_ui/swagger-ui-bundle.js", "gifapp/widgets/vendor/"] },
  js.configs.recommended,
  { languageOptions: { globals: globals.browser }, linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: CLASSIC, languageOptions: { sourceType: "script", globals: { SwaggerUIBundle: "readonly" } } },
];
