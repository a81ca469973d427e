open-title = How to open it
open-windows = Windows: right-click the ZIP file, choose "Extract all", then double-click { $index } in the extracted folder.
open-macos = macOS: double-click the ZIP file, open the folder that appears, then double-click { $index }.
open-phone = Phone or tablet: open the ZIP file with the Files app, which extracts it, then tap { $index }. If the phone does not show the images, use a computer.
open-unstyled = You are reading this page without the rest of the package: the ZIP file has not been extracted. Extract all files, then open this page again from the extracted folder.
