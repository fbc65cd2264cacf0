/** The page of /docs: Swagger UI over the API's own document, with the key kept for the tab and ids filled in. */

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import licences from "swagger-ui-dist/swagger-ui-es-bundle.js.LICENSE.txt?url";
import "swagger-ui-dist/swagger-ui.css";
import "./main.css";
import { ID_NAMES, idsOf } from "./ids";
import { keptKey, keyOf, type Payload } from "./key";
import { keepNamed } from "./names";

const SCHEME = "key"; // of the document's securitySchemes

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", shade);
shade();

document.querySelector("#licences")?.setAttribute("href", licences);
keepNamed(document.querySelector("#reference"));
const kept = keptKey(window.sessionStorage);

const ui = SwaggerUI({
  url: "openapi.json",
  domNode: document.querySelector("#reference"),
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false, // it would keep the key in localStorage, for good
  tryItOutEnabled: true,
  validatorUrl: null, // nobody else is asked
  withCredentials: false,
  responseInterceptor: (response: { url: string; text?: string }) => {
    if (!response.url.endsWith("/openapi.json")) {
      fillIn(idsOf(response.text ?? ""));
    }
    return response;
  },
  onComplete: () => {
    const key = kept.read();
    if (key !== null) {
      ui.preauthorizeApiKey(SCHEME, key);
    }
  },
  plugins: [
    {
      // A call's head is a button already: what is one inside of it cannot be reached by everybody.
      wrapComponents: {
        CopyToClipboardBtn: () => () => null,
        DeepLink: (_: unknown, system: { React: { createElement: (...given: unknown[]) => unknown } }) => {
          return ({ text }: { text: unknown }) => system.React.createElement("span", null, text);
        },
      },
      statePlugins: {
        auth: {
          wrapActions: {
            authorize: (original: (payload: Payload) => unknown) => (payload: Payload) => {
              kept.write(keyOf(payload, SCHEME));
              return original(payload);
            },
            logout: (original: (names: string[]) => unknown) => (names: string[]) => {
              kept.write(null);
              return original(names);
            },
          },
        },
      },
    },
  ],
});

/** Gives every call that has one of these ids in its path the last one that an answer named. */
function fillIn(ids: Map<string, string>): void {
  if (ids.size === 0) {
    return;
  }
  const paths: Record<string, Record<string, unknown>> = ui.specSelectors.specJson().toJS().paths;
  for (const [path, item] of Object.entries(paths)) {
    for (const name of ID_NAMES) {
      const id = ids.get(name);
      if (id !== undefined && path.includes(`{${name}}`)) {
        for (const method of Object.keys(item)) {
          ui.specActions.changeParam([path, method], name, "path", id, false);
        }
      }
    }
  }
}
