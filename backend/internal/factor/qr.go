package factor

import (
	"fmt"
	"image"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// quiet is the white margin that scanners want around a QR code, in modules (ISO/IEC 18004 §9.1).
const quiet = 4

// qrSVG draws a text as QR code: one path of unit squares, black on white, so that it scans in dark mode too.
func qrSVG(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("factor: qr: %w", err)
	}
	return svg(code), nil
}

func svg(code barcode.Barcode) string {
	size := code.Bounds().Size()
	var path strings.Builder
	for y := range size.Y {
		for x := 0; x < size.X; x++ {
			if !dark(code, x, y) {
				continue
			}
			from := x
			for x < size.X && dark(code, x, y) {
				x++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
		}
	}
	side := size.X + 2*quiet
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<rect width="%d" height="%d" fill="#fff"/><path d="%s" fill="#000"/></svg>`, side, side, side, side, path.String())
}

func dark(i image.Image, x, y int) bool {
	r, _, _, _ := i.At(x, y).RGBA()
	return r == 0
}
