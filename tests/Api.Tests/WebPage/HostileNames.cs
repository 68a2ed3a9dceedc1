using System.Text.Json;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.WebPage;

/// <summary>A model and a data set whose names are markup that would run as a script if a page took it for HTML.</summary>
internal static class HostileNames
{
    /// <summary>Markup without characters that a file name cannot have.</summary>
    public const string Name = "<img src=x onerror=hacked=1>";

    /// <summary>Writes LeNet-5 whose labels and layers have this name.</summary>
    public static void WriteModel(string file)
    {
        var graph = Catalog.Find("lenet5").Build();
        graph.Metadata["fovea.labels"] = JsonSerializer.Serialize(Enumerable.Range(0, 10).Select(i => $"{Name} {i}"));
        OnnxFile.Write(graph, file);
    }

    /// <summary>Returns a zip with classes and files of this name.</summary>
    public static byte[] Archive() => Archives.Zip(
    [
        .. Enumerable.Range(0, 4).Select(i => ($"{Name}/{Name}{i}.png", Archives.Photo(i))),
        .. Enumerable.Range(0, 4).Select(i => ($"other/{Name}{i}.png", Archives.Photo(100 + i))),
    ]);
}
