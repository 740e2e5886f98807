package asset

// Keys are those of all blobs that the manifest needs, some of them more than once. What
// it doesn't name is garbage to a sweep.
func (m *Manifest) Keys() (keys []string) {
	for _, l := range m.Levels {
		for _, r := range l.Renditions {
			keys = append(keys, r.Key)
		}
	}
	return keys
}
