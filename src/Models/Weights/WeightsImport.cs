using System.Text;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Weights;

/// <summary>
/// Fills an architecture with published weights. The initializers of an architecture have the names that torchvision uses, or BVLC for
/// BVLC's networks. Each initializer is filled from the tensor with the same name, which must have the same shape. A missing tensor, or a
/// tensor that no initializer uses, is an error. In names, a slash equals a dot, the prefix <c>module.</c> that PyTorch's DataParallel adds
/// to every name is removed, and the architecture's table of renamed weights is applied to old files.
/// </summary>
public static class WeightsImport
{
    private const string ParallelPrefix = "module.", BatchCounterSuffix = ".num_batches_tracked";
    private const int MaxListedNames = 10, ImageNetClasses = 1000;

    /// <summary>
    /// Returns a network with the weights of a file. The file must stay open until the network is written. The network's training record
    /// names the file. A network with a new last layer has no training record, since its answers are random until it is trained.
    /// </summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadModelFile"/>: the weights do not fit the architecture; the message lists the tensors that are missing,
    /// surplus or different. <see cref="ErrorCode.BadArgument"/>: the number of classes or labels does not fit the file.
    /// </exception>
    public static Graph Fill(Architecture architecture, WeightsFile file, ImportOptions options)
    {
        var source = ByCanonicalName(file, architecture);
        var head = Head(architecture.Build());
        int classes = options.Classes ?? architecture.Classes;
        int fileClasses = source.TryGetValue(Canonical(head[0].Name), out var last) && last.Shape.Rank == head[0].Shape.Rank
            ? last.Shape[0]
            : classes;
        if (fileClasses != classes && options.Classes is null)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"{file.Path} has {fileClasses} classes and {architecture.Name} has {classes}; expected --classes {fileClasses} to keep "
                + "the file's classes, or --classes with another number to start with a new last layer.");
        }

        if (options.Labels is { } labels && labels.Length != classes)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"There are {labels.Length} labels for {classes} classes; expected one label per class.");
        }

        var graph = architecture.Build(classes, seed: options.Seed);
        var newLayer = fileClasses == classes ? [] : Head(graph).Select(v => v.Name).ToHashSet();
        var weights = graph.Initializers.Keys.Where(v => v.Shape.Rank > 0).ToDictionary(v => Canonical(v.Name));
        Require(architecture, file, weights, source, newLayer);
        if (file.Graph is { } theirs)
        {
            GraphComparison.Require(graph, theirs, file.Path, Canonical);
        }

        foreach (var (name, value) in weights.Where(w => !newLayer.Contains(w.Value.Name)))
        {
            graph.Initializers[value] = source[name].ToFloats();
        }

        (ModelMetadata.Read(graph.Metadata) with
        {
            Labels = options.Labels ?? (newLayer.Count == 0 && classes == ImageNetClasses ? ImageNetLabels.All : null),
            Training = newLayer.Count == 0 ? Record(file, options) : null,
        }).WriteTo(graph);
        return graph;
    }

    /// <summary>Writes a network with the weights of a file.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="weights">The path of the file with the weights.</param>
    /// <param name="options">The classes, labels and seed.</param>
    /// <param name="output">The path of the .onnx file to write.</param>
    /// <param name="log">Receives one line of text about the written file.</param>
    /// <exception cref="FoveaException">The weights do not fit, or the output is not writable. No file is written then.</exception>
    public static void Write(Architecture architecture, string weights, ImportOptions options, string output, Action<string> log)
    {
        AtomicFile.EnsureWritable(output);
        using var file = WeightsFile.Open(weights);
        var graph = Fill(architecture, file, options);
        OnnxFile.Write(graph, output);
        var content = ModelMetadata.Read(graph.Metadata).Trained ? "weights" : "weights, except for a new, untrained last layer,";
        var source = options.FileName ?? Path.GetFileName(weights);
        log($"{output}: {graph.Name}, {graph.Outputs[0].Shape[1]} classes, {content} from {source}");
    }

    private static TrainingRecord Record(WeightsFile file, ImportOptions options) =>
        new(options.Dataset, Source: new(options.FileName ?? Path.GetFileName(file.Path), file.Sha256));

    // The weights of the last layer that has weights. This layer computes the logits, or scores per position whose means are the logits.
    private static Value[] Head(Graph graph)
    {
        var layer = graph.Outputs[0].Producer!;
        while (WeightsOf(layer) is [])
        {
            layer = layer[0].Producer!;
        }

        return WeightsOf(layer);

        Value[] WeightsOf(Node node) =>
            [.. node.Inputs.Skip(1).OfType<Value>().Where(input => input.Shape.Rank > 0 && graph.Initializers.ContainsKey(input))];
    }

    private static string Canonical(string name) => name.Replace('/', '.');

    private static Dictionary<string, StoredTensor> ByCanonicalName(WeightsFile file, Architecture architecture)
    {
        bool parallel = file.Tensors.Keys.All(name => name.StartsWith(ParallelPrefix, StringComparison.Ordinal));
        var renamed = architecture.Torchvision?.Renamed ?? (name => name);
        var tensors = new Dictionary<string, StoredTensor>();
        foreach (var (name, tensor) in file.Tensors)
        {
            if (!tensors.TryAdd(renamed(Canonical(parallel ? name[ParallelPrefix.Length..] : name)), tensor))
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"{file.Path} has two tensors whose names are {Canonical(name)} when slashes are replaced by dots; expected one.");
            }
        }

        return tensors;
    }

    private static void Require(
        Architecture architecture,
        WeightsFile file,
        Dictionary<string, Value> weights,
        Dictionary<string, StoredTensor> source,
        HashSet<string> newLayer)
    {
        var auxiliary = AuxiliaryHeads(architecture, weights);
        var kept = weights.Where(w => !newLayer.Contains(w.Value.Name)).ToArray();
        var found = kept.Where(w => source.ContainsKey(w.Key)).ToArray();
        var reasons = new StringBuilder();
        Add("missing", kept.Select(w => w.Key).Where(name => !source.ContainsKey(name)));
        Add("surplus", source.Keys.Where(IsSurplus));
        Add("of another shape", found.Where(w => source[w.Key].Shape != w.Value.Shape)
            .Select(w => $"{w.Key} is {source[w.Key].Shape}, expected {w.Value.Shape}"));
        Add("of another type", found.Where(w => !source[w.Key].IsFloat).Select(w => $"{w.Key} is {source[w.Key].Type}, expected floats"));
        if (reasons.Length > 0)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"The weights in {file.Path} are not those of {architecture.Name}:{reasons}.");
        }

        // A file may contain the batch counter of batch normalisation and auxiliary heads, since they have no effect on the answers.
        bool IsSurplus(string name) => !weights.ContainsKey(name)
            && !name.EndsWith(BatchCounterSuffix, StringComparison.Ordinal)
            && !auxiliary.Contains(FirstPart(name));

        void Add(string kind, IEnumerable<string> tensors)
        {
            string[] all = [.. tensors];
            if (all.Length > 0)
            {
                reasons.Append(reasons.Length > 0 ? ";" : "").Append($" {kind}: {string.Join(", ", all.Take(MaxListedNames))}");
                reasons.Append(all.Length > MaxListedNames ? $" and {all.Length - MaxListedNames} more" : "");
            }
        }
    }

    // The first parts, such as aux1 or loss1, of the names of weights that belong only to auxiliary heads.
    private static HashSet<string> AuxiliaryHeads(Architecture architecture, Dictionary<string, Value> weights) => architecture.HasAuxiliary
        ? [.. architecture.Build(auxiliary: true).Initializers.Keys
            .Where(v => v.Shape.Rank > 0)
            .Select(v => Canonical(v.Name))
            .Except(weights.Keys)
            .Select(FirstPart)]
        : [];

    private static string FirstPart(string name) => name.Split('.')[0];
}
