using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Kernels;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Runtime;

/// <summary>The rewritten form of a large file, tried on a small one.</summary>
public class LargeFormTests
{
    [Fact]
    public void Form_refers_to_the_file_for_unchanged_weights_and_gives_its_answers()
    {
        using var folder = new TemporaryFolder();
        var path = folder["model.onnx"];
        var network = Catalog.Find("squeezenet1_1").Build(classes: 10, seed: 1);
        OnnxFile.Write(network, path);
        var form = OnnxFile.Changed(path, graph => RewritePass.ForServing(graph, threads: 2, sparesMemory: true), leastReferred: 4_096);
        if (!TileTransforms.IsSupported)
        {
            Assert.Null(form);
            return;
        }

        Assert.InRange(form!.Length, 1, 1 << 17);
        var images = new float[2 * 3 * 224 * 224];
        var random = new SeededRandom(2);
        foreach (ref float value in images.AsSpan())
        {
            value = random.Uniform(-1, 1);
        }

        using InferenceSession original = Sessions.Open(network), session = Sessions.OpenLarge(path, form);
        float[] expected = Run(original, images), actual = Run(session, images);
        float largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f * largest));

        // Copying over a file that is in use changes the pages to which the form refers. The session has its own copy by then.
        using (var file = File.OpenWrite(path))
        {
            file.Write(new byte[file.Length]);
        }

        Assert.Equal(actual, Run(session, images));
    }

    [Fact]
    public void Convolutions_with_few_outputs_stay_to_spare_memory()
    {
        var network = Catalog.Find("squeezenet1_1").Build(classes: 10, seed: 1);
        Assert.Equal(TileTransforms.IsSupported ? (2, 6) : (0, 0), (Count(sparesMemory: true), Count(sparesMemory: false)));

        int Count(bool sparesMemory) => (RewritePass.ForServing(network, 1, sparesMemory) ?? network).Nodes
            .Count(node => node.Op == CustomOperators.Winograd);
    }

    [Fact]
    public void Places_of_raw_data_are_found_in_a_file()
    {
        var network = Catalog.Find("lenet5").Build(seed: 1);
        var content = OnnxFile.ToBytes(network);
        var places = RawDataPlaces.Find(content);
        Assert.Equal(network.Initializers.Count, places.Count);
        Assert.All(network.Initializers, weight =>
        {
            var (offset, length) = places[weight.Key.Name];
            Assert.True(weight.Value.Bytes.Span.SequenceEqual(content.AsSpan((int)offset, (int)length)));
        });
        Assert.Throws<InvalidDataException>(() => RawDataPlaces.Find(content.AsSpan(0, content.Length - 1)));
    }

    private static float[] Run(InferenceSession session, float[] images)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(images, [2, 3, 224, 224]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, [session.InputNames[0]], [input], [session.OutputNames[0]]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
