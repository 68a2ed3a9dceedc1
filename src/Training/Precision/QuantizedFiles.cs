using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Training.Precision;

/// <summary>Loads quantised networks as the service does, from temporary files.</summary>
internal sealed class QuantizedFiles : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("fovea-quantize-");
    private int written;

    /// <summary>Loads a network. The caller disposes the result.</summary>
    public Classifier Load(Graph network, ModelMetadata metadata)
    {
        var path = Path.Combine(folder.FullName, $"{written++}.onnx");
        OnnxFile.Write(network, path);
        try
        {
            return Classifier.Load(path, metadata);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public void Dispose() => folder.Delete(recursive: true);
}
