import {readFileSync} from "node:fs";
const kind=process.argv[2].endsWith("docx")?"docx":"xlsx";
const f=kind==="xlsx"?(await import("#lib/documents/xlsx/read-xlsx.ts")).readXlsx:(await import("#lib/documents/docx/read-docx.ts")).readDocx;
const r0=process.memoryUsage().rss; const t=performance.now();
try{const doc=await f(readFileSync(process.argv[2]));
for(const s of doc.sections) console.log("##",s.label,"\n"+s.text.slice(0,+(process.argv[3]??3000)));
console.log(doc.notes,doc.pages);}catch(e){console.log(e)}
console.log(Math.round((process.memoryUsage().rss-r0)/1e6)+"MB",Math.round(performance.now()-t)+"ms");
