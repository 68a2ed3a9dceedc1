using System.Collections.Immutable;
using System.Text;

namespace Fovea.Models;

/// <summary>What an import is told besides the network and the file.</summary>
/// <param name="Classes">The number of classes, 2 to 100,000; where the file has another, the last layer is made anew. Null: the paper's, and the file must have them.</param>
/// <param name="Labels">The classes' names; null: ImageNet's where a file of 1000 classes is taken whole, else none.</param>
/// <param name="Seed">Decides the weights of a last layer that is made anew.</param>
/// <param name="FileName">The name under which the file was published; null: the one it has.</param>
/// <param name="Dataset">What the weights were trained on; null where nobody said.</param>
public sealed record ImportOptions(int? Classes = null, ImmutableArray<string>? Labels = null, long Seed = 1, string? FileName = null, string? Dataset = null);

/// <summary>
/// Fills an architecture from published weights. Its initializers carry the names that torchvision gives them, or BVLC where the network is
/// theirs, so a tensor is found by name and must have the same shape; every tensor of both sides is accounted for. A slash and a dot count as
/// the same, and the <c>module.</c> that PyTorch's DataParallel puts before every name is dropped.
/// </summary>
public static class WeightsImport
{
    private const string Parallel = "module.", Counter = ".num_batches_tracked";
    private const int Listed = 10, ImageNetClasses = 1000;

    /// <summary>
    /// A network with the weights of a file, which must stay open until the network is written. Its metadata say where they come from; with a
    /// last layer made anew they do not, since its answers are random until it is trained.
    /// </summary>
    /// <exception cref="FoveaException">The weights are of another network; the message lists what is missing, surplus or different.</exception>
    public static Graph Fill(Architecture architecture, WeightsFile file, ImportOptions options)
    {
        var source = ByCanonicalName(file);
        var head = Head(architecture.Build());
        int classes = options.Classes ?? architecture.Classes;
        int given = source.TryGetValue(Canonical(head[0].Name), out var last) && last.Shape.Rank == 2 ? last.Shape[0] : classes;
        if (given != classes && options.Classes is null)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"{file.Path} has {given} classes and {architecture.Name} {classes}; expected --classes {given} to keep them, or --classes with another number to begin with a new last layer.");
        }

        if (options.Labels is { } labels && labels.Length != classes)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"There are {labels.Length} labels for {classes} classes; expected one for each.");
        }

        var graph = architecture.Build(classes, seed: options.Seed);
        var anew = given == classes ? [] : Head(graph).Select(v => v.Name).ToHashSet();
        var weights = graph.Initializers.Keys.Where(v => v.Shape.Rank > 0).ToDictionary(v => Canonical(v.Name));
        Require(architecture, file, weights, source, anew);
        if (file.Graph is { } theirs)
        {
            GraphComparison.Require(graph, theirs, file.Path, Canonical);
        }

        foreach (var (name, value) in weights.Where(w => !anew.Contains(w.Value.Name)))
        {
            graph.Initializers[value] = source[name].ToFloats();
        }

        (ModelMetadata.Read(graph.Metadata) with
        {
            Labels = options.Labels ?? (anew.Count == 0 && classes == ImageNetClasses ? ImageNetLabels.All : null),
            Training = anew.Count == 0 ? new TrainingRecord(options.Dataset, Source: new(options.FileName ?? Path.GetFileName(file.Path), file.Sha256)) : null,
        }).WriteTo(graph);
        return graph;
    }

    private static Value[] Head(Graph graph) => [.. graph.Outputs[0].Producer!.Inputs.Skip(1).OfType<Value>()];

    private static string Canonical(string name) => name.Replace('/', '.');

    private static Dictionary<string, StoredTensor> ByCanonicalName(WeightsFile file)
    {
        bool parallel = file.Tensors.Keys.All(name => name.StartsWith(Parallel, StringComparison.Ordinal));
        var tensors = new Dictionary<string, StoredTensor>();
        foreach (var (name, tensor) in file.Tensors)
        {
            if (!tensors.TryAdd(Canonical(parallel ? name[Parallel.Length..] : name), tensor))
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"{file.Path} has two tensors {Canonical(name)} when slashes and dots count as the same; expected one.");
            }
        }

        return tensors;
    }

    private static void Require(Architecture architecture, WeightsFile file, Dictionary<string, Value> weights, Dictionary<string, StoredTensor> source, HashSet<string> anew)
    {
        // Heads that only serve training are known by the first part of their names: aux1, loss1.
        var auxiliary = architecture.HasAuxiliary
            ? architecture.Build(auxiliary: true).Initializers.Keys.Where(v => v.Shape.Rank > 0).Select(v => Canonical(v.Name)).Except(weights.Keys).Select(FirstPart).ToHashSet()
            : [];
        var kept = weights.Where(w => !anew.Contains(w.Value.Name)).ToArray();
        var found = kept.Where(w => source.ContainsKey(w.Key)).ToArray();
        string[] missing = [.. kept.Select(w => w.Key).Where(name => !source.ContainsKey(name))];
        string[] surplus = [.. source.Keys.Where(name => !weights.ContainsKey(name) && !name.EndsWith(Counter, StringComparison.Ordinal) && !auxiliary.Contains(FirstPart(name)))];
        string[] misshapen = [.. found.Where(w => source[w.Key].Shape != w.Value.Shape).Select(w => $"{w.Key} is {source[w.Key].Shape}, expected {w.Value.Shape}")];
        string[] mistyped = [.. found.Where(w => !source[w.Key].IsFloat).Select(w => $"{w.Key} is {source[w.Key].Type}, expected floats")];
        var reasons = new StringBuilder();
        Add("missing", missing);
        Add("surplus", surplus);
        Add("of another shape", misshapen);
        Add("of another type", mistyped);
        if (reasons.Length > 0)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"The weights in {file.Path} are not those of {architecture.Name}:{reasons}.");
        }

        void Add(string kind, string[] which)
        {
            if (which.Length > 0)
            {
                reasons.Append(reasons.Length > 0 ? ";" : "").Append($" {kind}: {string.Join(", ", which.Take(Listed))}").Append(which.Length > Listed ? $" and {which.Length - Listed} more" : "");
            }
        }
    }

    private static string FirstPart(string name) => name.Split('.')[0];
}
