package textures

import "image"

// fewestNormals is the share of a normal map's pixels that are normals, at least. What
// has fewer is something else by that name, such as a map of two channels without a
// third, or one whose Z points down.
const fewestNormals = 0.1

// IsNormalMap says whether at least a tenth of img's pixels are normals. Where they
// aren't, angles speak for next to nothing, and averages of vectors would make up what
// isn't there: Resize, Mips and Encode take such an image for Data, whatever its role.
func IsNormalMap(img *image.NRGBA) bool { return NormalShare(img) >= fewestNormals }

// NormalShare is the share of img's pixels that are normals, up to 1: as codes of
// directions, not shorter than a half and not pointing into the surface.
func NormalShare(img *image.NRGBA) float64 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	normals := 0
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		for i := 0; i+4 <= len(row); i += 4 {
			if isNormal(row[i], row[i+1], row[i+2]) {
				normals++
			}
		}
	}
	return float64(normals) / float64(max(w*h, 1))
}

// isNormal says whether a pixel is a normal. A code c stands for (2c-255)/255.
func isNormal(r, g, b uint8) bool {
	x, y, z := 2*int32(r)-255, 2*int32(g)-255, 2*int32(b)-255
	return z > 0 && 4*(x*x+y*y+z*z) >= 255*255
}

// For returns u as Encode takes it for img: a normal map that is none is data, of which
// all colors are read, at 40 dB or what u asks above that.
func (u Use) For(img *image.NRGBA) Use {
	if u.Role != Normal || IsNormalMap(img) {
		return u
	}
	return Use{Role: Data, Used: u.Used | RGB, Quality: Quality{PSNR: max(u.Quality.PSNR, dataPSNR)}}
}

// dataPSNR is what data of which nothing is known must keep, in dB.
const dataPSNR = 40

// suiting is how for img: a normal map that is none is data.
func (how Resample) suiting(img *image.NRGBA) Resample {
	if how.Role == Normal && !IsNormalMap(img) {
		how.Role = Data
	}
	return how
}
