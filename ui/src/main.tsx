import { render } from "preact";
import { openBox } from "./state/box.ts";
import { createPage } from "./state/page.ts";
import { App } from "./views/app.tsx";
import { PageContext } from "./views/use-page.ts";

const root = document.getElementById("page");
if (root !== null) {
  render(
    <PageContext.Provider value={createPage(openBox())}>
      <App />
    </PageContext.Provider>,
    root,
  );
}
