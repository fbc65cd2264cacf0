/** What is used of Swagger UI, which brings no types of its own. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  interface Ui {
    preauthorizeApiKey(scheme: string, key: string): void;
    specActions: {
      changeParam(path: [string, string], name: string, place: string, value: string, xml: boolean): void;
    };
    specSelectors: {
      specJson(): { toJS(): { paths: Record<string, Record<string, unknown>> } };
    };
  }
  export default function SwaggerUI(options: Record<string, unknown>): Ui;
}
