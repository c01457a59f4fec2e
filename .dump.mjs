import { readFile } from "node:fs/promises";
import { getResolvedPDFJS } from "unpdf";
const pdfjs = await getResolvedPDFJS();
console.log(pdfjs.version);
for (const name of process.argv.slice(2)) {
  console.log("=====", name);
  try {
  const pdf = await pdfjs.getDocument({ data: new Uint8Array(await readFile("__tests__/fixtures/documents/"+name)), isEvalSupported:false, disableFontFace:true, useSystemFonts:false, verbosity:1 }).promise;
  console.log(pdf.numPages, await pdf.getPageLabels());
  for (let n=1;n<=pdf.numPages;n++){ const page=await pdf.getPage(n); console.log("rotate",page.rotate,page.view);
   const c=await page.getTextContent(); 
   for (const i of c.items) console.log(JSON.stringify(i.str), i.dir, i.transform.map(x=>+x.toFixed(1)).join(","), (+i.width).toFixed(1), (+i.height).toFixed(1), i.hasEOL?"EOL":"", i.fontName);
   console.log(JSON.stringify(c.styles), c.lang);
   const a=await page.getAnnotations(); console.log(a.map(x=>({s:x.subtype,u:x.url,uu:x.unsafeUrl,c:x.contentsObj?.str,fv:x.fieldValue,fn:x.fieldName,r:x.rect,ft:x.fieldType,alt:x.alternativeText,cb:x.checkBox,ev:x.exportValue, opts:x.options&&x.options.length})));
  }} catch(e){console.log("ERR",e.name,e.message,e.code)}
}
