import ts from "typescript";
import { lineOf, nodes, type SourceFile } from "./source-files.ts";

/** Something that a file declares for others: where, and under which name. */
export type Declared = { place: string; name: string; isType: boolean };

/** Names that a file exports, in its own words. */
export function exportsOf(file: SourceFile): Declared[] {
  const found: Declared[] = [];
  const note = (node: ts.Node, name: string): void => {
    const isType = ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node);
    found.push({ place: `${file.path}:${lineOf(file, node)} ${name}`, name, isType });
  };
  for (const statement of file.tree.statements) {
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    ) {
      for (const element of statement.exportClause.elements) note(element, element.name.text);
    }
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
    if (!isExported) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations)
        if (ts.isIdentifier(name)) note(statement, name.text);
    } else if (
      (ts.isFunctionDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement)) &&
      statement.name !== undefined
    ) {
      note(statement, statement.name.text);
    }
  }
  return found;
}

/** `module name` of everything that the file imports by name. */
export function importedNames(file: SourceFile): string[] {
  const found: string[] = [];
  const targets = new Map(file.imports.map(({ specifier, target }) => [specifier, target]));
  for (const node of nodes(file.tree)) {
    if (ts.isImportDeclaration(node) && ts.isStringLiteralLike(node.moduleSpecifier)) {
      const target = targets.get(node.moduleSpecifier.text) ?? "";
      const bindings = node.importClause?.namedBindings;
      if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
      for (const { name, propertyName } of bindings.elements)
        found.push(`${target} ${(propertyName ?? name).text}`);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const literal = node.argument.literal;
      const target = ts.isStringLiteralLike(literal) ? targets.get(literal.text) : undefined;
      if (target !== undefined && node.qualifier !== undefined)
        found.push(`${target} ${node.qualifier.getText()}`);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      // What is taken from a module that is loaded when it is used.
      const [argument] = node.arguments;
      const target =
        argument !== undefined && ts.isStringLiteralLike(argument) ? targets.get(argument.text) : undefined;
      if (target === undefined) continue;
      const taken = takenFrom(node);
      // Whoever keeps the module may use all of it.
      for (const name of taken.length > 0 ? taken : ["*"]) found.push(`${target} ${name}`);
    }
  }
  return found;
}

/** `const { a } = await import(…)` and `import(…).then(({ a }) => …)`. */
function takenFrom(node: ts.Node): string[] {
  let at: ts.Node = node;
  while (!ts.isStatement(at)) at = at.parent;
  const taken: string[] = [];
  for (const inner of nodes(at)) {
    if (!ts.isBindingElement(inner)) continue;
    const name = inner.propertyName ?? inner.name;
    if (ts.isIdentifier(name)) taken.push(name.text);
  }
  return taken;
}

/** Members that a file declares: methods and fields of classes, and of types. Private ones are the linter's. */
export function membersOf(file: SourceFile): Declared[] {
  const found: Declared[] = [];
  for (const node of nodes(file.tree)) {
    const isMember =
      ts.isMethodDeclaration(node) ||
      ts.isPropertyDeclaration(node) ||
      ts.isGetAccessorDeclaration(node) ||
      ts.isPropertySignature(node) ||
      ts.isMethodSignature(node);
    if (!isMember || !ts.isIdentifier(node.name)) continue;
    const { text: name } = node.name;
    found.push({ place: `${file.path}:${lineOf(file, node)} ${name}`, name, isType: false });
  }
  return found;
}

/** Names of members that a file reads or writes: whatever it says that is no declaration of a member. */
export function usedNames(file: SourceFile): Set<string> {
  const used = new Set<string>();
  for (const node of nodes(file.tree)) {
    if (ts.isStringLiteralLike(node)) used.add(node.text);
    if (!ts.isIdentifier(node)) continue;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) used.add(node.text);
    // `{ name }` and `{ name: other }` take members, in patterns; object literals only give them.
    else if (ts.isBindingElement(parent)) used.add(node.text);
    else if (ts.isTypeReferenceNode(parent) || ts.isIndexedAccessTypeNode(parent)) used.add(node.text);
  }
  return used;
}

/** Functions of a file, nameless ones too, with their length in lines. */
export function functionsOf(file: SourceFile): { name: string; lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  for (const node of nodes(file.tree)) {
    if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) continue;
    const end = file.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    found.push({ name: `${file.path} ${nameOf(node)}`, lines: end - lineOf(file, node) + 1 });
  }
  return found;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  if ((ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent)) && ts.isIdentifier(parent.name))
    return parent.name.text;
  return ts.isConstructorDeclaration(node) ? "constructor" : "(nameless)";
}
