import * as real from "../../../src/store/sqlite/mark.ts";
import { pass } from "../pass.ts";

export * from "../../../src/store/sqlite/mark.ts";

export const makeMark: typeof real.makeMark = (...args) => pointed(real.makeMark(...args));
export const openMark: typeof real.openMark = (...args) => pointed(real.openMark(...args));

function pointed(mark: real.Mark): real.Mark {
  return {
    ...mark,
    raise(record) {
      pass("commit.mark:before");
      mark.raise(record);
      pass("commit.mark:after");
    },
  };
}
