declare function SwaggerUIBundle(options: object): void;
