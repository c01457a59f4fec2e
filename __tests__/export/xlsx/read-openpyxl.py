"""Prints the sheets of a workbook as JSON: of each its name, its frozen pane, its filter, and its cells."""
import json
import sys

import openpyxl


def cell(one):
    value = one.value.isoformat(" ") if one.is_date else one.value
    return {"type": one.data_type, "value": value, "bold": bool(one.font.b)}


print(json.dumps([
    {
        "name": sheet.title,
        "frozen": sheet.freeze_panes,
        "filter": sheet.auto_filter.ref,
        "titles": sheet.print_title_rows,
        "rows": [[cell(one) for one in row] for row in sheet.iter_rows()],
    }
    for sheet in openpyxl.load_workbook(sys.argv[1])
]))
