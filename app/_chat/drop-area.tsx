"use client";

import { useEffect, useState } from "react";
import { chatStrings } from "../_strings/chat.ts";
import { Icon } from "../_ui/icon.tsx";

/** Files can be dropped anywhere on the page; while one hovers over it, the page says so. */
export function DropArea({ add }: { add: (files: Iterable<File>) => void }) {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") === true;
    const onOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setIsOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setIsOver(false);
      add([...(event.dataTransfer?.files ?? [])]);
    };
    document.addEventListener("dragover", onOver);
    document.addEventListener("dragleave", onLeave);
    document.addEventListener("drop", onDrop);
    return () => {
      document.removeEventListener("dragover", onOver);
      document.removeEventListener("dragleave", onLeave);
      document.removeEventListener("drop", onDrop);
    };
  }, [add]);
  if (!isOver) return null;
  return (
    <div className="pointer-events-none fixed inset-4 z-40 flex items-center justify-center gap-3 rounded-2xl border-2 border-dashed border-accent bg-accent-soft text-lg font-medium text-accent">
      <Icon name="upload" size={24} />
      {chatStrings.composer.drop}
    </div>
  );
}
