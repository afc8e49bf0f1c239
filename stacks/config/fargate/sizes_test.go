package fargate

import "testing"

func TestSizes(t *testing.T) {
	for _, s := range []struct {
		cpu, mib         int
		has              bool
		nextCPU, nextMiB int
		around           string
	}{
		{256, 512, true, 256, 512, "the next has 256 and 512; with cpu 256, memory is one of 512, 1024, 2048"},
		{128, 256, false, 256, 512, "the next has 256 and 512"},
		{256, 768, false, 256, 1024, "the next has 256 and 1024; with cpu 256, memory is one of 512, 1024, 2048"},
		{256, 3072, false, 512, 3072, "the next has 512 and 3072; with cpu 256, memory is one of 512, 1024, 2048"},
		{384, 768, false, 512, 1024, "the next has 512 and 1024"},
		{512, 1024, true, 512, 1024, "the next has 512 and 1024; with cpu 512, memory is one of 1024, 2048, 3072, 4096"},
		{512, 512, false, 512, 1024, "the next has 512 and 1024; with cpu 512, memory is one of 1024, 2048, 3072, 4096"},
		{1024, 5000, false, 1024, 5120, "the next has 1024 and 5120; with cpu 1024, memory is one of 2048 to 8192 in steps of 1024"},
		{4096, 30720, true, 4096, 30720, "the next has 4096 and 30720; with cpu 4096, memory is one of 8192 to 30720 in steps of 1024"},
		{8192, 20480, true, 8192, 20480, "the next has 8192 and 20480; with cpu 8192, memory is one of 16384 to 61440 in steps of 4096"},
		{8192, 17408, false, 8192, 20480, "the next has 8192 and 20480; with cpu 8192, memory is one of 16384 to 61440 in steps of 4096"},
		{16384, 122880, true, 16384, 122880, "the next has 16384 and 122880; with cpu 16384, memory is one of 32768 to 122880 in steps of 8192"},
		{16385, 1024, false, 0, 0, "the largest has 16384 and 122880"},
		{256, 122881, false, 0, 0, "the largest has 16384 and 122880"},
	} {
		cpu, mib, _ := Next(s.cpu, s.mib)
		if Has(s.cpu, s.mib) != s.has || cpu != s.nextCPU || mib != s.nextMiB || Around(s.cpu, s.mib) != s.around {
			t.Errorf("%d and %d: exists %v; next %d and %d; %q", s.cpu, s.mib, Has(s.cpu, s.mib), cpu, mib, Around(s.cpu, s.mib))
		}
	}
}
