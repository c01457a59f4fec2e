"use client";

type MarkdownProps = {
  text: string;
  streaming?: boolean;
  joints?: readonly number[];
  jointLabel?: (index: number) => string;
};

export function Markdown({ text }: MarkdownProps) {
  return <div className="whitespace-pre-wrap">{text}</div>;
}
