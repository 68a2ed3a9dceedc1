using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

public class GradientAccumulatorTests
{
    // The groups need several blocks, and end with rows that are not full.
    private static readonly ParameterGroup[] Groups = [new(0, 48, 0.5), new(48, (1 << 20) + (3 << 14) + 16, 2)];

    public static TheoryData<string, int, double?> Cases => new(
        from name in Devices.Names
        from parts in (int[])[1, 3]
        from clip in (double?[])[null, 0.25, 1e9]
        select (name.Data, parts, clip));

    [Theory, MemberData(nameof(Cases))]
    public void Sum_times_scale_is_the_clipped_mean(string name, int parts, double? clip)
    {
        using var memory = new DeviceMemory(Devices.Find(name));
        using var accumulator = GradientAccumulator.Create(Groups, parts, clip, memory);
        int length = Groups.Sum(group => group.Length);
        var mean = new double[length];
        var random = new SeededRandom(1);
        for (int part = 0; part < parts; part++)
        {
            using var gradients = new FloatBuffer(length);
            foreach (ref float gradient in gradients.Floats)
            {
                gradient = random.Uniform(-1, 1);
            }

            for (int i = 0; i < length; i++)
            {
                mean[i] += gradients.Floats[i] / (double)parts;
            }

            gradients.CopyTo(part == 0 ? accumulator.Sum : accumulator.Part);
            if (part > 0)
            {
                accumulator.Add();
            }
        }

        accumulator.Finish();
        double norm = Math.Sqrt(Groups.Sum(
            group => group.RateFactor * Enumerable.Range(group.Offset, group.Length).Sum(i => mean[i] * mean[i])));
        double factor = clip is { } maximum ? Math.Min(1, maximum / (norm + 1e-6)) : 1;
        Assert.Equal(memory.IsMain || (parts == 1 && clip is null), accumulator.Scale is null);
        using FloatBuffer sum = accumulator.Sum.ToMainMemory(), scale = accumulator.Scale?.ToMainMemory() ?? new FloatBuffer(1);
        float by = accumulator.Scale is null ? 1 : scale.Floats[0];
        Assert.Equal(accumulator.Scale is null ? 1 : factor / parts, by, 1e-6);
        for (int i = 0; i < length; i += 997)
        {
            Assert.Equal(mean[i] * factor, sum.Floats[i] * by, 1e-6);
        }
    }
}
