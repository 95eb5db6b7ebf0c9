import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { sizeText } from "../logic/times.ts";
import { Icon } from "./icon.tsx";
import type { PickedFile } from "./picked-file.ts";

interface Props {
  readonly files: readonly PickedFile[];
  readonly onChange: (files: readonly PickedFile[]) => void;
}

/** The files that go with the message, each with a way to leave it out. */
export function PickedFiles({ files, onChange }: Props): VNode | null {
  if (files.length === 0) return null;
  return (
    <ul class="files picked" aria-label="Files to send">
      {files.map((one) => (
        <li key={one.key}>
          <Preview file={one.file} />
          <span>{one.file.name}</span>
          <span class="muted">{sizeText(one.file.size)}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={`Leave out ${one.file.name}`}
            onClick={() => onChange(files.filter(({ key }) => key !== one.key))}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Preview({ file }: { readonly file: File }): VNode {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!/^image\/(?:png|jpeg|gif|webp)$/.test(file.type)) return undefined;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url === null ? <Icon name="file" /> : <img src={url} alt="" />;
}
