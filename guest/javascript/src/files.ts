/// <reference path="./host.d.ts" />

/** Files that the program was granted, read with what WASI has for it. */

import preopens from "wasi:filesystem/preopens@0.2.12";
import type { Descriptor } from "wasi:filesystem/types@0.2.12";

import { join } from "./bytes.ts";

/** What is in a directory. */
export interface Entry {
  readonly name: string;
  /** A link is not followed. */
  readonly kind: "file" | "directory" | "link" | "other";
}

/** Why a file or directory could not be read. */
export class FileError extends Error {
  /** @param code - WASI's name of the failure, such as `no-entry`, or `not-granted`. */
  constructor(
    readonly path: string,
    readonly code: string,
  ) {
    super(TEXTS[code] ?? code);
  }

  override get name(): string {
    return "FileError";
  }
}

const TEXTS: Record<string, string> = {
  access: "permission denied",
  "is-directory": "it is a directory",
  "no-entry": "no such file or directory",
  "not-directory": "it is no directory",
  "not-granted": "it lies below no directory that was granted",
  "not-permitted": "operation not permitted",
};

const KINDS: Record<string, Entry["kind"]> = {
  directory: "directory",
  "regular-file": "file",
  "symbolic-link": "link",
};

const PIECE = 1 << 20;

/** All of a file. */
export function readFile(path: string): Uint8Array {
  return within(path, {}, (file) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; ; ) {
      const [piece, atEnd] = file.read(PIECE, at);
      pieces.push(piece);
      at += piece.length;
      if (atEnd || piece.length === 0) return join(pieces);
    }
  });
}

/** What is in a directory, in no order. */
export function readDirectory(path: string): Entry[] {
  return within(path, { directory: true }, (directory) => {
    const listing = directory.readDirectory();
    try {
      const entries: Entry[] = [];
      for (let entry = listing.readDirectoryEntry(); entry; entry = listing.readDirectoryEntry()) {
        entries.push({ name: entry.name, kind: KINDS[entry.type] ?? "other" });
      }
      return entries;
    } finally {
      listing.drop();
    }
  });
}

/** Opens what is at a path, while `use` uses it. */
function within<R>(path: string, how: { directory?: boolean }, use: (opened: Descriptor) => R): R {
  const { root, rest } = grantFor(path);
  try {
    const opened = root.openAt({ symlinkFollow: true }, rest, how, { read: true });
    try {
      return use(opened);
    } finally {
      opened.drop();
    }
  } catch (error) {
    const code = (error as { payload?: unknown }).payload;
    throw typeof code === "string" ? new FileError(path, code) : error;
  }
}

let grants: { root: Descriptor; parts: string[] }[] | undefined;

/** The granted directory that a path lies below, the innermost one, and the rest. */
function grantFor(path: string): { root: Descriptor; rest: string } {
  grants ??= preopens
    .getDirectories()
    .map(([root, name]) => ({ root, parts: partsOf(name) }))
    .sort((a, b) => b.parts.length - a.parts.length);
  const parts = partsOf(path);
  const grant = grants.find(({ parts: root }) => root.every((part, at) => part === parts[at]));
  if (grant === undefined) throw new FileError(path, "not-granted");
  return { root: grant.root, rest: parts.slice(grant.parts.length).join("/") || "." };
}

/** The names in a path; the root's is `/`. */
function partsOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  return path.startsWith("/") ? ["/", ...names] : names;
}
