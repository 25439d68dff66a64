// Prints where the Chromium of the package @sparticuz/chromium is, unpacked into TMPDIR.
import chromium from "@sparticuz/chromium";
console.log(await chromium.executablePath());
