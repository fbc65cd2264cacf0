import { render } from "preact";
import { App } from "./app";
import { restore } from "./state/preferences";
import { listen } from "./state/router";
import { resume } from "./state/session";
import "./style/tokens.css";
import "./style/base.css";
import "./style/controls.css";
import "./style/shell.css";
import "./style/form.css";
import "./style/job.css";
import "./style/document.css";
import "./style/quotes.css";
import "./style/trail.css";
import "./style/pages.css";

restore();
resume();
listen();
const root = document.getElementById("app");
if (root) {
  render(<App />, root);
}
