"""Small workbooks as Excel and LibreOffice write them, into `sheets/`.

Not run by the tests. `pip install openpyxl xlwt odfpy`, then `python make_sheets.py` in this folder. What those
libraries do not write (results of formulas, .xlsb) is written by hand.
"""

import datetime
import pathlib
import struct
import zipfile

import odf.opendocument
import odf.table
import odf.text
import openpyxl
import xlwt

HERE = pathlib.Path(__file__).parent / "sheets"
DAY = datetime.datetime(2024, 3, 1)
NOON = datetime.datetime(2024, 3, 1, 12, 30)
HEAD = ["text", "label", "stars", "day", "seen", "checked"]
ROWS = [
    ["a good film", "pos", 3, DAY, NOON, True],
    ["a bad film,\nin two lines", "neg", 0.1 + 0.2, DAY, NOON, False],
    [None] * 6,
    ["ü, 日本", "pos", 1234567890123, None, None, None],
]


def reviews():
    """Types of cells, a row that is empty, several sheets and a hidden one."""
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "Cover"
    cover["B2"] = "Reviews of 2024"
    sheet = book.create_sheet("Reviews")
    for row in [HEAD, *ROWS]:
        sheet.append(row)
    book.create_sheet("Old").sheet_state = "hidden"
    book.save(HERE / "reviews.xlsx")


def survey():
    """A title above the head, labels that are merged down, a formula without a result and an error."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Survey of spring"])
    sheet.append([])
    sheet.append(["answer", "topic", "length", "twice"])
    for row, answer in enumerate(["came late", "came broken", "was friendly", "was kind"], start=4):
        sheet.cell(row, 1, answer)
        sheet.cell(row, 3, len(answer))
    sheet["B4"], sheet["B6"] = "delivery", "staff"
    sheet.merge_cells("B4:B5")
    sheet.merge_cells("B6:B7")
    sheet.merge_cells("A1:D1")
    sheet["D4"] = "=C4*2"
    sheet["D5"] = "#N/A"
    sheet["D5"].data_type = "e"
    book.save(HERE / "survey.xlsx")


def calculated():
    """What a formula gave stands in the file, as number and as text; rows and cells have no addresses."""
    def zipped(name, parts):
        with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as file:
            for part, content in parts.items():
                # One date for all, so that the file is the same whenever it is made.
                file.writestr(zipfile.ZipInfo(part, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    types = (
        f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.{0}" ContentType="application/vnd.{1}.main{2}"/></Types>'
    )
    relations = (
        f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.{{0}}"/></Relationships>'
    )
    root = (
        f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.{{0}}"/></Relationships>'
    )
    rows = (
        '<row><c t="inlineStr"><is><t>text</t></is></c><c t="inlineStr"><is><t>label</t></is></c></row>'
        '<row><c t="str"><f>A1&amp;"!"</f><v>made of &lt;parts&gt;</v></c><c><f>1+1</f><v>2</v></c></row>'
        '<row><c t="inlineStr"><is><r><t xml:space="preserve">rich </t></r><r><t>text</t></r></is></c><c t="b"><v>1</v></c></row>'
    )
    zipped("calculated.xlsx", {
        "[Content_Types].xml": types.format("xml", "openxmlformats-officedocument.spreadsheetml.sheet", "+xml"),
        "_rels/.rels": root.format("xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Made" sheetId="1" '
        'r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations.format("xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    })

    def record(kind, data=b""):
        first = struct.pack("<B", kind) if kind < 128 else struct.pack("<BB", kind & 127 | 128, kind >> 7)
        return first + struct.pack("<B", len(data)) + data

    def wide(text):
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def cell(column, kind, value):
        return record(kind, struct.pack("<II", column, 0) + value)

    def row(number, *cells):
        return record(0, struct.pack("<I", number) + bytes(13)) + b"".join(cells)

    sheet = b"".join([
        record(0x81), record(0x94, struct.pack("<IIII", 0, 2, 0, 1)), record(0x91),
        row(0, cell(0, 6, wide("text")), cell(1, 6, wide("label"))),
        row(1, cell(0, 6, wide("a good film")), cell(1, 5, struct.pack("<d", 3.0))),
        row(2, cell(0, 6, wide("a bad film")), cell(1, 4, b"\1")),
        record(0x92), record(0x82),
    ])
    book = b"".join([
        record(0x83), record(0x8F), record(0x9C, struct.pack("<II", 0, 1) + wide("rId1") + wide("Binary")),
        record(0x90), record(0x9D, bytes(26)), record(0x84),
    ])
    zipped("binary.xlsb", {
        "[Content_Types].xml": types.format("bin", "ms-excel.sheet.binary.macroEnabled", ""),
        "_rels/.rels": root.format("bin"),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": relations.format("bin"),
        "xl/worksheets/sheet1.bin": sheet,
    })


def old():
    book = xlwt.Workbook()
    sheet = book.add_sheet("Reviews")
    day, noon = xlwt.easyxf(num_format_str="YYYY-MM-DD"), xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM")
    for row, cells in enumerate([HEAD, *ROWS]):
        for column, value in enumerate(cells):
            if value is not None:
                style = {3: day, 4: noon}.get(column) if row > 0 else None
                sheet.write(row, column, value, *([style] if style else []))
    book.save(str(HERE / "reviews.xls"))


def open_document():
    """Runs of equal cells and rows are written once with a number, as LibreOffice does."""
    document = odf.opendocument.OpenDocumentSpreadsheet()
    table = odf.table.Table(name="Reviews")

    def row(*cells, times=1):
        line = odf.table.TableRow(numberrowsrepeated=times)
        for attributes, shown in cells:
            cell = odf.table.TableCell(**attributes)
            if shown:
                cell.addElement(odf.text.P(text=shown))
            line.addElement(cell)
        table.addElement(line)

    def text(shown):
        return {"valuetype": "string"}, shown

    row(*map(text, ["text", "label", "stars", "day", "checked"]))
    row(text("a good film"), text("pos"), ({"valuetype": "float", "value": 3}, "3"),
        ({"valuetype": "date", "datevalue": "2024-03-01"}, "01.03.24"),
        ({"valuetype": "boolean", "booleanvalue": "true"}, "TRUE"), ({"numbercolumnsrepeated": 16379}, None))
    row(({"numbercolumnsrepeated": 16384}, None), times=2)
    row(text("seen twice"), text("neg"), ({"numbercolumnsrepeated": 16382}, None), times=2)
    row(({"numbercolumnsrepeated": 16384}, None), times=1048571)
    document.spreadsheet.addElement(table)
    document.save(str(HERE / "reviews.ods"))


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for make in [reviews, survey, calculated, old, open_document]:
        make()
