open-title = How to open it
open-on-windows = Windows
open-on-macos = macOS
open-on-phone = Phone or tablet
open-windows = right-click the ZIP file, choose "Extract all", then double-click { $index } in the extracted folder.
open-macos = double-click the ZIP file, open the folder that appears, then double-click { $index }.
open-phone = open the ZIP file with the Files app, which extracts it, then tap { $index }. Many phones show only the text of this page, without images and without links: in that case open the reports (PDF files) and the images (JPG files) directly from the folder IHE_PDI, or use a computer.
open-unstyled = If this page appears without colours and without images, it cannot find the rest of the package. On a computer: extract all files from the ZIP file, then open this page from the extracted folder. On a phone: open the reports and the images from the folder IHE_PDI, or use a computer.
