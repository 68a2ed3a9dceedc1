using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Kernels;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Features;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Tests.TransferLearning;

public class FeatureExtractorTests
{
    [Fact]
    public void Features_equal_those_of_the_network_in_the_form_of_its_file()
    {
        var backbone = Backbone();
        Assert.Equal(
            TileTransforms.IsSupported,
            RewritePass.ForServing(backbone)?.Nodes.Any(node => node.Op == CustomOperators.Winograd) ?? false);
        var images = new DrawnImages();
        using var extractor = new FeatureExtractor(backbone, 32, Device.Cpu);
        var found = extractor.Read(images, _ => { }, TestContext.Current.CancellationToken).Rows;
        using var session = Sessions.Open(backbone, Device.Cpu);
        using var options = new RunOptions();
        for (int i = 0; i < images.Count; i++)
        {
            var pixels = new float[images.Preprocessing.Shape.Size];
            images.Read(i, pixels);
            using var input = OrtValue.CreateTensorValueFromMemory(pixels, [1, .. images.Preprocessing.Shape.ToInt64()]);
            using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
            Assert.All(
                outputs[0].GetTensorDataAsSpan<float>().ToArray().Zip(found[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        }
    }

    [Fact]
    public void Network_runs_unchanged_if_rewriting_it_fails_and_the_reason_is_kept()
    {
        // In operator set 6, an Add needs an attribute to broadcast, which the rewritten response normalisation does not have.
        var graph = new Graph("old") { OperatorSets = { [""] = 6 } };
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, 24, 24));
        var normalized = graph.Apply("LRN", [x], ("size", 3L), ("alpha", 1f), ("beta", 0.5f), ("bias", 1f));
        graph.Output(graph.Flatten(graph.Apply("GlobalAveragePool", [normalized])));
        using var extractor = new FeatureExtractor(graph, 3, Device.Cpu);
        Assert.NotNull(extractor.RewriteFailure);
        var found = extractor.Read(new DrawnImages(), _ => { }, TestContext.Current.CancellationToken).Rows;
        Assert.All(found, row => Assert.All(row, feature => Assert.True(float.IsFinite(feature))));
    }

    [Fact]
    public void Network_that_can_be_rewritten_has_no_failure()
    {
        using var extractor = new FeatureExtractor(Backbone(), 32, Device.Cpu);
        Assert.Null(extractor.RewriteFailure);
    }

    [Fact]
    public void Error_names_the_first_of_several_unreadable_images()
    {
        using var extractor = new FeatureExtractor(Backbone(), 32, Device.Cpu);
        using var images = new UnreadableImages();
        var refused = Assert.Throws<InvalidDataException>(
            () => extractor.Read(images, _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal("image 0", refused.Message);
    }

    // Two convolutions of 3x3, the second one of 32 channels, with a mean over all pixels.
    private static Graph Backbone()
    {
        var graph = new Graph("backbone");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, 24, 24));
        for (int layer = 0; layer < 2; layer++)
        {
            var random = new SeededRandom(layer);
            var weights = Tensor.Drawn(
                new Shape(32, layer == 0 ? 3 : 32, 3, 3),
                values =>
                {
                    foreach (ref float value in values)
                    {
                        value = random.Uniform(-0.2f, 0.2f);
                    }
                });
            x = graph.Relu(graph.Conv(x, graph.Constant(weights), window: Window.Square(3, padding: 1)));
        }

        graph.Output(graph.ReduceMean(x, [2, 3], keep: false));
        return graph;
    }

    private class DrawnImages : Dataset
    {
        public override IReadOnlyList<string> Labels => ["one"];

        public override IReadOnlyList<int> Targets { get; } = new int[5];

        public override Preprocessing Preprocessing { get; } =
            new() { Crop = [24, 24], Mean = [0.5f, 0.5f, 0.5f], Std = [0.25f, 0.25f, 0.25f] };

        public override Pixels Image(int index)
        {
            var bytes = new byte[24 * 24 * 3];
            new Random(index).NextBytes(bytes);
            return new(24, 24, 3, bytes);
        }

        public override string Source(int index) => $"{index}";

        protected override byte[] Digest(int index) => [(byte)index];
    }

    // The first image of the second batch fails before the first image of the first batch, if two cores read them.
    private sealed class UnreadableImages : DrawnImages, IDisposable
    {
        private readonly ManualResetEventSlim later = new();

        public override Pixels Image(int index)
        {
            if (index == 4)
            {
                later.Set();
                throw new InvalidDataException("image 4");
            }

            if (index == 0)
            {
                later.Wait(TimeSpan.FromSeconds(10));
                throw new InvalidDataException("image 0");
            }

            return base.Image(index);
        }

        public void Dispose() => later.Dispose();
    }
}
