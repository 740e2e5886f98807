package scene

import (
	"encoding/json"
	"testing"

	"github.com/plinth3d/plinth/textures"
)

// showing has one texture in a slot of an extension.
func showing(extension, slot string) Material {
	return Material{AlphaMode: Mask, Extra: Extra{Extensions: map[string]any{
		extension: map[string]any{slot: map[string]any{"index": json.Number("0")}},
	}}}
}

func TestASlotIsKnownByItsExtension(t *testing.T) {
	all := textures.RGB | textures.A
	for _, test := range []struct {
		extension, slot string
		role            textures.Role
		used            textures.Channels
	}{
		{"KHR_materials_anisotropy", "anisotropyTexture", textures.Data, textures.RGB},
		{"KHR_materials_clearcoat", "clearcoatTexture", textures.Data, textures.R},
		{"KHR_materials_clearcoat", "clearcoatRoughnessTexture", textures.Data, textures.G},
		{"KHR_materials_clearcoat", "clearcoatNormalTexture", textures.Normal, textures.RGB},
		{"KHR_materials_diffuse_transmission", "diffuseTransmissionTexture", textures.Data, textures.A},
		{"KHR_materials_diffuse_transmission", "diffuseTransmissionColorTexture", textures.Color, textures.RGB},
		{"KHR_materials_iridescence", "iridescenceTexture", textures.Data, textures.R},
		{"KHR_materials_iridescence", "iridescenceThicknessTexture", textures.Data, textures.G},
		{"KHR_materials_sheen", "sheenColorTexture", textures.Color, textures.RGB},
		{"KHR_materials_sheen", "sheenRoughnessTexture", textures.Data, textures.A},
		{"KHR_materials_specular", "specularTexture", textures.Data, textures.A},
		{"KHR_materials_specular", "specularColorTexture", textures.Color, textures.RGB},
		{"KHR_materials_transmission", "transmissionTexture", textures.Data, textures.R},
		{"KHR_materials_volume", "thicknessTexture", textures.Data, textures.G},
		{"KHR_materials_pbrSpecularGlossiness", "diffuseTexture", textures.Color, all},
		{"KHR_materials_pbrSpecularGlossiness", "specularGlossinessTexture", textures.Color, all},
		{"ADOBE_materials_clearcoat_specular", "clearcoatSpecularTexture", textures.Data, textures.B},
		{"ADOBE_materials_clearcoat_tint", "clearcoatTintTexture", textures.Color, textures.RGB},
		// Two channels of a normal, a gray of unknown channels, a draft.
		{"MSFT_packing_occlusionRoughnessMetallic", "normalTexture", textures.Data, all},
		{"ADOBE_materials_thin_transparency", "transmissionTexture", textures.Data, all},
		{"KHR_materials_volume_scatter", "multiscatterColorTexture", textures.Data, all},
	} {
		m := showing(test.extension, test.slot)
		if s := m.Slots()[0]; s.Role != test.role || s.Used != test.used {
			t.Errorf("%s.%s is %s and reads %b", test.extension, test.slot, s.Role, s.Used)
		}
	}
}

func TestAlphaOfWhatIsOpaqueIsNotRead(t *testing.T) {
	m := showing("KHR_materials_pbrSpecularGlossiness", "diffuseTexture")
	if s := m.Slots()[0]; !s.Opacity() || s.Used&textures.A == 0 {
		t.Errorf("a cut-out reads %b", s.Used)
	}
	m.AlphaMode = Opaque
	if s := m.Slots()[0]; s.Used != textures.RGB {
		t.Errorf("an opaque material reads %b", s.Used)
	}
	m = showing("KHR_materials_pbrSpecularGlossiness", "specularGlossinessTexture")
	m.AlphaMode = Opaque
	if s := m.Slots()[0]; s.Opacity() || s.Used != textures.RGB|textures.A {
		t.Errorf("glossiness is not read of %b", s.Used)
	}
}

func TestWhatIsMultipliedBy0IsNotRead(t *testing.T) {
	for want, m := range map[textures.Channels]Material{
		textures.G | textures.B: {Roughness: 0.5, Metallic: 1},
		textures.G:              {Roughness: 1},
		textures.B:              {Metallic: 0.1},
		0:                       {},
	} {
		m.MetalRough = &TextureRef{}
		if s := m.Slots()[0]; s.Used != want {
			t.Errorf("roughness %g, metalness %g: %b, want %b", m.Roughness, m.Metallic, s.Used, want)
		}
	}
}
