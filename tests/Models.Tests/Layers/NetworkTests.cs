using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Layers;

public class NetworkTests
{
    [Fact]
    public void Equal_seeds_give_equal_files_and_other_seeds_other_files()
    {
        var lenet5 = Catalog.Find("lenet5");

        Assert.Equal(OnnxFile.ToBytes(lenet5.Build(seed: 7)), OnnxFile.ToBytes(lenet5.Build(seed: 7)));
        Assert.NotEqual(OnnxFile.ToBytes(lenet5.Build(seed: 7)), OnnxFile.ToBytes(lenet5.Build(seed: 8)));
    }

    [Fact]
    public void Weights_do_not_depend_on_the_order_of_drawing()
    {
        Graph forwards = Catalog.Find("lenet5").Build(), backwards = Catalog.Find("lenet5").Build();
        Assert.All(backwards.Initializers.Values.Reverse(), w => Assert.NotEqual(0, w.Bytes.Length));

        Assert.All(
            forwards.Initializers.Values.Zip(backwards.Initializers.Values),
            w => Assert.Equal(w.First.Bytes.ToArray(), w.Second.Bytes.ToArray()));
    }

    [Fact]
    public void Weights_are_He_uniform_and_biases_zero()
    {
        foreach (var (value, tensor) in Catalog.Find("lenet5").Build(seed: 1).Initializers)
        {
            var weights = tensor.Floats.ToArray();
            if (value.Name.EndsWith(".bias", StringComparison.Ordinal))
            {
                Assert.All(weights, w => Assert.Equal(0, w));
                continue;
            }

            // A uniform distribution in +-sqrt(6 / fan-in) has the variance 2 / fan-in. The standard deviation of its estimate from n
            // numbers is sqrt(0.8 / n) of the variance; the test allows five of them.
            double fanIn = tensor.Shape.Dimensions.Skip(1).Aggregate(1, (p, d) => p * d), tolerance = 5 * Math.Sqrt(0.8 / weights.Length);
            float limit = (float)Math.Sqrt(6 / fanIn);
            Assert.All(weights, w => Assert.InRange(w, -limit, limit));
            Assert.InRange(weights.Average(w => w * w) / (2 / fanIn), 1 - tolerance, 1 + tolerance);
            Assert.True(weights.Max() > 0.9 * limit && weights.Min() < -0.9 * limit, value.Name);
        }
    }

    [Fact]
    public void Each_weight_has_its_own_stream_of_random_numbers()
    {
        var firsts = Catalog.Find("lenet5").Build().Initializers.Where(i => i.Key.Name.EndsWith(".weight", StringComparison.Ordinal))
            .Select(i => i.Value.Floats[0] * MathF.Sqrt(i.Value.Shape.Size / i.Value.Shape[0]));

        Assert.Equal(5, firsts.Select(first => MathF.Round(first, 4)).Distinct().Count());
    }
}
