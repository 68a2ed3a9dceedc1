using System.Security.Cryptography;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using Google.Protobuf;

namespace Fovea.Models.Tests.Adoption;

public sealed class AdoptionCacheTests : IDisposable
{
    private const long Plenty = 1 << 30;

    private readonly TemporaryFolder folder = new();

    private string Kept => folder["kept"];

    private string[] Entries => Directory.Exists(Kept) ? [.. Directory.GetFiles(Kept).Order()] : [];

    [Fact]
    public void File_is_adopted_once_and_not_rewritten()
    {
        var path = ChannelsLast();
        var before = File.ReadAllBytes(path);
        AssertRight(path);
        var entry = Assert.Single(Entries);
        Relabel(entry, "wolf");
        Assert.Contains("wolf", Labels(path));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Entries);
    }

    [Fact]
    public void File_whose_graph_is_served_as_it_is_has_an_entry_without_weights()
    {
        var path = ForeignNetwork.Build().Write(folder);
        AssertRight(path);
        Assert.Empty(OnnxFile.Read(Assert.Single(Entries)).Initializers);
        AssertRight(path);
        using var model = Load(path);
        Assert.Equal("data", model.InputName);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void Damaged_entry_is_made_anew(int length)
    {
        var path = ChannelsLast();
        AssertRight(path);
        var (entry, whole) = (Assert.Single(Entries), File.ReadAllBytes(Entries[0]));
        File.WriteAllBytes(entry, whole[..length]);
        AssertRight(path);
        Assert.Equal(whole, File.ReadAllBytes(entry));
    }

    [Fact]
    public void Other_settings_beside_the_file_get_another_entry()
    {
        var path = ChannelsLast();
        AssertRight(path);
        Assert.Equal(["a", "b", "c", "d"], Labels(path, ["a", "b", "c", "d"]));
        Assert.Equal(2, Entries.Length);
        AssertRight(path);
        File.WriteAllText(folder["labels.txt"], "w\nx\ny\nz\n");
        using var model = Load(path, new() { Preprocessing = ForeignNetwork.Json().Preprocessing });
        Assert.Equal(["w", "x", "y", "z"], model.Labels);
        Assert.Equal(3, Entries.Length);
    }

    [Fact]
    public void Other_tensors_beside_the_file_get_another_entry()
    {
        var path = ForeignNetwork.Build().Write(folder, model =>
        {
            var bias = model.Graph.Initializer.Single(tensor => tensor.Name == "b2");
            File.WriteAllBytes(folder["bias.data"], bias.RawData.ToByteArray());
            bias.RawData = ByteString.Empty;
            bias.DataLocation = TensorProto.Types.DataLocation.External;
            bias.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "bias.data" });
        });
        AssertRight(path);
        File.WriteAllBytes(folder["bias.data"], new byte[4 * sizeof(float)]);
        Assert.NotEqual(ForeignNetwork.Softmax()[0], Answer(path)["ant"], 1e-4);
        Assert.Equal(2, Entries.Length);
    }

    [Fact]
    public void Further_session_is_opened_on_the_adopted_form_whether_it_is_kept_or_not()
    {
        var path = ChannelsLast();
        using var model = Load(path);
        using (model.Open(SessionKind.OneCore))
        {
        }

        File.Delete(Assert.Single(Entries));
        using (model.Open(SessionKind.OneCore))
        {
        }
    }

    [Fact]
    public void Entries_that_were_not_used_for_the_longest_time_are_deleted()
    {
        string[] paths = [.. Enumerable.Range(0, 4).Select(ChannelsLast)];
        AssertRight(paths[0]);
        var room = new FileInfo(Assert.Single(Entries)).Length * 5 / 2;
        var (first, now) = (Entries[0], DateTime.UtcNow);
        for (int i = 1; i < paths.Length; i++)
        {
            // Each time the first entry was used last, so that it stays.
            foreach (var entry in Entries)
            {
                File.SetLastWriteTimeUtc(entry, now - TimeSpan.FromHours(entry == first ? 1 : 5 - i));
            }

            AssertRight(paths[i], room);
            Assert.Contains(first, Entries);
            Assert.Equal(Math.Min(2, i + 1), Entries.Length);
        }
    }

    [Fact]
    public void Model_is_served_although_nothing_can_be_kept()
    {
        var path = ChannelsLast();
        File.WriteAllText(Kept, "a file where the folder would be");
        var reasons = new List<string>();
        using var model = Classifier.Load(path, ForeignNetwork.Json(), cache: new(Kept, Plenty) { Failed = reasons.Add });
        Assert.Contains("cannot be written", Assert.Single(reasons), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private string ChannelsLast(int number = 0)
    {
        var graph = ForeignNetwork.Build(input: g =>
            g.Transpose(g.Input("images", ElementType.Float, new Shape(-1, ForeignNetwork.Side, ForeignNetwork.Side, 3)), 0, 3, 1, 2));
        graph.Metadata["number"] = $"{number}";
        var path = folder[$"model{number}.onnx"];
        OnnxFile.Write(graph, path);
        return path;
    }

    private Classifier Load(string path, ModelMetadata? json = null, long room = Plenty) =>
        Classifier.Load(path, json ?? ForeignNetwork.Json(), cache: new(Kept, room));

    private IReadOnlyList<string> Labels(string path, string[]? labels = null)
    {
        using var model = Load(path, ForeignNetwork.Json(labels));
        return model.Labels;
    }

    private Dictionary<string, double> Answer(string path, long room = Plenty)
    {
        using var model = Load(path, room: room);
        return model.Classify(ForeignNetwork.Image, new(), 4).ToDictionary(p => p.Label, p => p.Probability);
    }

    private void AssertRight(string path, long room = Plenty) => ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), Answer(path, room));

    // Replaces a whole entry by another whole one.
    private static void Relabel(string entry, string label)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(entry));
        var labels = model.MetadataProps.Single(property => property.Key == "fovea.labels");
        labels.Value = labels.Value.Replace("ant", label, StringComparison.Ordinal);
        var content = model.ToByteArray();
        var key = Path.GetFileName(entry).Split('-')[0];
        File.WriteAllBytes(
            Path.Combine(Path.GetDirectoryName(entry)!, $"{key}-{Convert.ToHexStringLower(SHA256.HashData(content))}.onnx"), content);
        File.Delete(entry);
    }
}
