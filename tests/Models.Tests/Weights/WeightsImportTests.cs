using System.Security.Cryptography;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Weights;

namespace Fovea.Models.Tests.Weights;

[Trait("Needs", "time")]
public sealed class WeightsImportTests : IDisposable
{
    private static readonly Architecture LeNet = Catalog.Find("lenet5"), ResNet = Catalog.Find("resnet18");

    private readonly TemporaryFolder folder = new();

    // Larger networks have the same layers, and files of over 280 MB.
    public static TheoryData<string> Importable => new(Catalog.Architectures.Where(a => a.Parameters < 70_000_000).Select(a => a.Name));

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(Importable))]
    public void Every_weight_is_read_from_the_file(string name)
    {
        var architecture = Catalog.Find(name);
        var source = architecture.Build(seed: 5);
        OnnxFile.Write(source, folder["source.onnx"]);
        var filled = Fill(architecture, "source.onnx");
        Assert.All(source.Initializers.Zip(filled.Initializers), pair =>
        {
            Assert.Equal(pair.First.Key.Name, pair.Second.Key.Name);
            Assert.True(pair.First.Value.Bytes.Span.SequenceEqual(pair.Second.Value.Bytes.Span), pair.First.Key.Name);
        });
    }

    [Fact]
    public void Imported_network_has_a_training_record_that_names_the_file()
    {
        Save(Weights(ResNet));
        var metadata = ModelMetadata.Read(Fill(ResNet).Metadata);
        Assert.True(metadata.Trained);
        Assert.Equal(
            ("resnet18", "weights", Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder["weights"])))),
            (metadata.Architecture, metadata.Training!.Source!.File, metadata.Training.Source.Sha256));
        Assert.Equal(ResNet.Preprocessing.Mean, metadata.Preprocessing!.Mean);
        Assert.Equal(
            ("tench, Tinca tinca", "toilet tissue, toilet paper, bathroom tissue", 1000),
            (metadata.Labels!.Value[0], metadata.Labels.Value[999], metadata.Labels.Value.Length));
    }

    [Fact]
    public void Equal_imports_give_equal_bytes_even_with_a_new_last_layer()
    {
        Save(Weights(LeNet));
        Assert.Equal(OnnxFile.ToBytes(Fill(LeNet)), OnnxFile.ToBytes(Fill(LeNet)));
        Assert.Equal(OnnxFile.ToBytes(Fill(LeNet, options: new(Classes: 3))), OnnxFile.ToBytes(Fill(LeNet, options: new(Classes: 3))));
    }

    [Fact]
    public void DataParallel_prefix_slashes_and_batch_counters_are_accepted()
    {
        var tensors = Weights(LeNet);
        Save(tensors.ToDictionary(t => $"module.{t.Key.Replace('.', '/')}", t => t.Value));
        Assert.Equal(tensors["conv1.weight"].Bytes.ToArray(), Filled(Fill(LeNet), "conv1.weight").Bytes.ToArray());

        tensors["bn1.num_batches_tracked"] = Tensor.Scalar(7);
        Save(tensors);
        Fill(LeNet);
    }

    [Fact]
    public void Old_names_of_a_published_file_are_replaced()
    {
        var architecture = LeNet with
        {
            Torchvision = new("lenet", "lenet-00000000.pth", 0.5)
            {
                Renamed = name => name.Replace(".kernel", ".weight", StringComparison.Ordinal),
            },
        };
        var tensors = Weights(LeNet);
        Save(tensors.ToDictionary(t => t.Key.Replace(".weight", ".kernel", StringComparison.Ordinal), t => t.Value));
        Assert.Equal(tensors["conv1.weight"].Bytes.ToArray(), Filled(Fill(architecture), "conv1.weight").Bytes.ToArray());
    }

    [Fact]
    public void Two_names_that_differ_only_in_their_separators_are_refused()
    {
        var tensors = Weights(LeNet);
        tensors["conv1/weight"] = tensors["conv1.weight"];
        Save(tensors);
        AssertRefused(LeNet, "two tensors whose names are conv1.weight");
    }

    [Fact]
    public void Missing_surplus_and_misshapen_tensors_are_all_named()
    {
        var tensors = Weights(LeNet);
        tensors.Remove("conv1.weight");
        tensors["conv9.weight"] = Tensor.Scalar(1);
        tensors["conv2.bias"] = Tensor.Of(new Shape(3), 1, 2, 3);
        Save(tensors);
        AssertRefused(LeNet, "missing: conv1.weight; surplus: conv9.weight; of another shape: conv2.bias is [3], expected [16].");
    }

    [Fact]
    public void Ten_names_are_listed_and_the_others_counted()
    {
        var tensors = Weights(LeNet);
        for (int i = 0; i < 14; i++)
        {
            tensors[$"x{i:d2}"] = Tensor.Scalar(1);
        }

        Save(tensors);
        AssertRefused(LeNet, "surplus: x00, x01, x02, x03, x04, x05, x06, x07, x08, x09 and 4 more");
    }

    [Theory]
    [InlineData("googlenet")]
    [InlineData("googlenet-bn")]
    public void Weights_of_auxiliary_heads_are_ignored(string name)
    {
        var architecture = Catalog.Find(name);
        var tensors = architecture.Build(auxiliary: true).Initializers
            .Where(i => i.Key.Shape.Rank > 0).ToDictionary(i => i.Key.Name, i => i.Value);
        Save(tensors);
        Assert.Equal(architecture.Build().Initializers.Count, Fill(architecture).Initializers.Count);
    }

    [Fact]
    public void Preprocessing_of_googlenet_bn_equals_torchvisions_transform_input()
    {
        Save(Weights(Catalog.Find("googlenet-bn")));
        var preprocessing = ModelMetadata.Read(Fill(Catalog.Find("googlenet-bn")).Metadata).Preprocessing!;
        Assert.Equal([0.5f, 0.5f, 0.5f], preprocessing.Mean);
        Assert.Equal([0.5f, 0.5f, 0.5f], preprocessing.Std);

        // torchvision normalises by ImageNet's statistics, then applies transform_input.
        var usual = Preprocessing.ImageNet(224);
        for (int c = 0; c < 3; c++)
        {
            for (float p = 0; p <= 1; p += 0.25f)
            {
                float x = (p - usual.Mean[c]) / usual.Std[c];
                Assert.Equal(
                    x * (usual.Std[c] / 0.5f) + (usual.Mean[c] - 0.5f) / 0.5f, (p - preprocessing.Mean[c]) / preprocessing.Std[c], 1e-6f);
            }
        }
    }

    [Fact]
    public void Last_layer_is_new_only_with_an_explicit_number_of_classes()
    {
        var tensors = Weights(LeNet, classes: 7);
        Save(tensors);
        AssertRefused(LeNet, "has 7 classes and lenet5 has 10; expected --classes 7", ErrorCode.BadArgument);
        AssertRefused(LeNet, "There are 2 labels for 7 classes", ErrorCode.BadArgument, new(Classes: 7, Labels: ["a", "b"]));

        var whole = Fill(LeNet, options: new(Classes: 7, Labels: ["a", "b", "c", "d", "e", "f", "g"]));
        Assert.Equal(tensors["fc3.weight"].Bytes.ToArray(), Filled(whole, "fc3.weight").Bytes.ToArray());
        Assert.Equal((true, "g"), (ModelMetadata.Read(whole.Metadata).Trained, ModelMetadata.Read(whole.Metadata).Labels!.Value[6]));

        var renewed = Fill(LeNet, options: new(Classes: 3, Seed: 4));
        Assert.Equal(new Shape(3, 84), Filled(renewed, "fc3.weight").Shape);
        Assert.Equal(
            LeNet.Build(3, seed: 4).Initializers.First(i => i.Key.Name == "fc3.weight").Value.Bytes.ToArray(),
            Filled(renewed, "fc3.weight").Bytes.ToArray());
        Assert.Equal(tensors["fc2.weight"].Bytes.ToArray(), Filled(renewed, "fc2.weight").Bytes.ToArray());
        Assert.False(ModelMetadata.Read(renewed.Metadata).Trained);
    }

    [Fact]
    public void Convolution_whose_means_are_the_logits_is_the_last_layer()
    {
        var architecture = new Architecture("small", "none", 4, new Preprocessing { Crop = [8, 8] }, (net, x, classes) =>
            net.Logits(net.GlobalAveragePool(net.Relu(net.Conv(net.Conv(x, 6, 3), classes, 1, name: "last")))))
        {
            Parameters = 196,
            SmallestSide = 3,
        };
        Save(Weights(architecture, classes: 5));
        AssertRefused(architecture, "has 5 classes and small has 4", ErrorCode.BadArgument);

        var renewed = Fill(architecture, options: new(Classes: 3));
        Assert.Equal(new Shape(3, 6, 1, 1), Filled(renewed, "last.weight").Shape);
        Assert.Equal(Weights(architecture)["conv1.weight"].Bytes.ToArray(), Filled(renewed, "conv1.weight").Bytes.ToArray());
    }

    [Fact]
    public void New_last_layer_of_1000_classes_has_no_ImageNet_labels()
    {
        Save(Weights(ResNet, classes: 5));
        Assert.Null(ModelMetadata.Read(Fill(ResNet, options: new(Classes: 1000)).Metadata).Labels);
    }

    [Fact]
    public void Weights_of_another_type_are_refused()
    {
        var tensors = Weights(LeNet).Select(
            t => t.Key == "fc3.bias" ? new SavedTensor(t.Key, "LongStorage", t.Key, new byte[80], 10, 0, [10], [1])
            : TorchFiles.Floats(t.Key, [.. t.Value.Shape.Dimensions], t.Value.Floats.ToArray())).ToArray();
        File.WriteAllBytes(folder["weights"], TorchFiles.Zip(tensors));
        AssertRefused(LeNet, "of another type: fc3.bias is Int64, expected floats");
    }

    private static Dictionary<string, Tensor> Weights(Architecture architecture, int? classes = null) =>
        architecture.Build(classes, seed: 5).Initializers.Where(i => i.Key.Shape.Rank > 0).ToDictionary(i => i.Key.Name, i => i.Value);

    private void Save(Dictionary<string, Tensor> tensors) =>
        SafetensorsFile.Write(folder["weights"], new Dictionary<string, string>(), [.. tensors.Select(t => (t.Key, t.Value))]);

    // Copies the weights, which refer to the mapped file, so that tests can read them after the file is closed.
    private Graph Fill(Architecture architecture, string name = "weights", ImportOptions? options = null)
    {
        using var file = WeightsFile.Open(folder[name]);
        var graph = WeightsImport.Fill(architecture, file, options ?? new());
        foreach (var (value, tensor) in graph.Initializers.ToArray())
        {
            graph.Initializers[value] = new Tensor(tensor.Type, tensor.Shape, tensor.Bytes.ToArray());
        }

        return graph;
    }

    private static Tensor Filled(Graph graph, string name) => graph.Initializers.First(i => i.Key.Name == name).Value;

    private void AssertRefused(
        Architecture architecture, string reason, ErrorCode code = ErrorCode.BadModelFile, ImportOptions? options = null)
    {
        var error = Assert.Throws<FoveaException>(() => Fill(architecture, options: options));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(code, error.Code);
    }
}
