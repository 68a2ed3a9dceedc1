using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Hosting;

/// <summary>A model repository that is deleted after the test.</summary>
internal sealed class Repository : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("fovea-").FullName;

    /// <summary>The data folder of all tests. They share it so that batch sizes are measured only once.</summary>
    public static string Data { get; } = Path.Combine(AppContext.BaseDirectory, "data");

    /// <summary>Adds LeNet-5 with random weights; each version answers differently.</summary>
    public Repository With(string model, params int[] versions)
    {
        foreach (int version in versions)
        {
            OnnxFile.Write(Catalog.Find("lenet5").Build(seed: version), Path.Combine(Folder, model, $"{version}", "model.onnx"));
        }

        return this;
    }

    /// <summary>Adds LeNet-5 as a foreign file, without Fovea's metadata.</summary>
    public Repository WithForeign(string model)
    {
        var graph = Catalog.Find("lenet5").Build();
        graph.Metadata.Clear();
        OnnxFile.Write(graph, Path.Combine(Folder, model, "1", "model.onnx"));
        return this;
    }

    public Repository WithFile(string path, string text)
    {
        var file = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return this;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
