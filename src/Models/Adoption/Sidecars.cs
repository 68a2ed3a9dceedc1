using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// The labels, preprocessing and activation that other software recorded for a model: in the model file's properties (Ultralytics, Custom
/// Vision), and in files beside it (Hugging Face, Azure AutoML, PaddleClas, the ONNX Model Zoo).
/// </summary>
public sealed class Sidecars
{
    private const long MostBytes = 16 << 20;

    // In order of priority: labels, preprocessing and activation each come from the first file that has them.
    private static readonly (string File, Func<string, SidecarContent?> Read)[] Files =
    [
        ("config.json", text => HuggingFace.Config(Json(text))),
        ("preprocessor_config.json", text => HuggingFace.Preprocessor(Json(text))),
        ("inference_cls.yaml", text => PaddleClas.Read(YamlSubset.Parse(text))),
        ("labels.json", text => SidecarContent.Of(LabelFiles.Parsed(text))),
        ("labels.txt", SidecarContent.OfText),
        ("synset.txt", text => SidecarContent.Of(LabelFiles.Synsets(text))),
        ("classes.txt", SidecarContent.OfText),
        ("class_names.txt", SidecarContent.OfText),
    ];

    // Properties that people give their models by hand. The value is JSON, or names between commas or on lines.
    private static readonly string[] LabelProperties = ["labels", "class_names", "classes", "id2label", "label_names"];

    private readonly List<string> notes = [];
    private readonly List<SourcedLabels> otherLabels = [];

    private Sidecars()
    {
    }

    /// <summary>The result for a model without such files and properties.</summary>
    public static Sidecars None => new();

    /// <summary>
    /// The names of the files beside a model that are read, for code that stores or uploads them together with the model.
    /// </summary>
    public static IReadOnlyList<string> FileNames { get; } = [.. Files.Select(file => file.File)];

    /// <summary>The class names; <c>null</c> if no file has them.</summary>
    internal SourcedLabels? Labels { get; private set; }

    /// <summary>The class names that other files and properties have, in order of priority.</summary>
    internal IReadOnlyList<SourcedLabels> OtherLabels => otherLabels;

    /// <summary>The preprocessing that turns an image into the input; <c>null</c> if no file describes it.</summary>
    internal PreprocessingSource? Preprocessing { get; private set; }

    /// <summary>The activation that turns the outputs into probabilities; <c>null</c> if no file gives it.</summary>
    internal Activation? Activation { get; private set; }

    /// <summary>
    /// A clause about the first class number without a name in a file or property; <c>null</c> if no names are missing.
    /// </summary>
    internal string? LabelGap { get; private set; }

    /// <summary>
    /// A sentence about a file that says that the network is no classifier; <c>null</c> if there is none. An activation in model.json
    /// overrules that file.
    /// </summary>
    internal string? Need { get; private set; }

    /// <summary>One sentence per file that could not be parsed.</summary>
    internal IReadOnlyList<string> Notes => notes;

    /// <summary>Reads the files in a folder.</summary>
    /// <param name="folder">The folder of the model file.</param>
    public static Sidecars Read(string folder) => Read(FilesIn(folder));

    /// <summary>The content of the files in a folder, by their names. The case of the names' letters has no effect.</summary>
    internal static IReadOnlyList<KeyValuePair<string, string>> FilesIn(string folder) =>
    [
        .. FileNames
            .Select(name => (Name: name, File: new FileInfo(PathOf(folder, name))))
            .Where(file => file.File is { Exists: true, Length: <= MostBytes })
            .Select(file => KeyValuePair.Create(file.Name, TextOf(file.File.FullName))),
    ];

    /// <summary>Reads files that were uploaded together with a model.</summary>
    /// <param name="files">The content of each file, by its name; other names than <see cref="FileNames"/> have no effect.</param>
    public static Sidecars Read(IEnumerable<KeyValuePair<string, string>> files)
    {
        var sidecars = new Sidecars();
        var contents = files.ToDictionary(file => file.Key, file => file.Value, StringComparer.OrdinalIgnoreCase);
        foreach (var (file, read) in Files)
        {
            if (contents.TryGetValue(file, out var text))
            {
                sidecars.Add(file, text, read);
            }
        }

        return sidecars;
    }

    /// <summary>
    /// Adds labels and preprocessing from the model file's properties. Those of Ultralytics and Custom Vision take priority over the files
    /// beside the model. Labels in other properties come after those files.
    /// </summary>
    /// <exception cref="FoveaException">The properties say that the network does something else than classify images.</exception>
    internal void AddProperties(IDictionary<string, string> properties)
    {
        if ((Ultralytics.Read(properties) ?? CustomVisionExport.Read(properties)) is { } own)
        {
            var source = own.Source ?? "the file's properties";
            Labels = own.Labels is { } names ? new(names, source) : Labels;
            AddGap(source, own.Gap);
            Preprocessing = own.Preprocessing ?? Preprocessing;
        }

        foreach (var key in LabelProperties.Where(properties.ContainsKey))
        {
            if (NamesIn(properties[key]) is { Count: > 1 } names)
            {
                AddLabels(new(names, $"the file's property {key}"));
            }
            else
            {
                AddGap($"the file's property {key}", LabelFiles.GapInJson(properties[key]) ?? PythonText.Gap(properties[key]));
            }
        }
    }

    private static IReadOnlyList<string>? NamesIn(string text) =>
        text.TrimStart() is ['[' or '{', ..] ? LabelFiles.OfJson(text) ?? PythonText.Names(text)
        : text.Contains('\n') ? LabelFiles.Lines(text)
        : [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    // The first source has priority. LabelChoice decides between the others by the number of classes.
    private void AddLabels(SourcedLabels labels)
    {
        if (Labels is null || IsPlaceholder(Labels))
        {
            Labels = labels;
        }
        else if (!IsPlaceholder(labels))
        {
            otherLabels.Add(labels);
        }
    }

    private void AddGap(string source, string? clause) => LabelGap ??= clause is null ? null : $"In {source}, {clause}";

    // Hugging Face writes LABEL_0, LABEL_1 and so on for classes without names.
    private static bool IsPlaceholder(SourcedLabels labels) => labels.Names.Index().All(name => name.Item == $"LABEL_{name.Index}");

    /// <summary>
    /// Adds Azure AutoML's preprocessing if the names of the graph's input and output, and a labels.json, show its origin.
    /// </summary>
    internal void AddConvention(Graph graph) => Preprocessing ??= AzureAutoML.Of(graph, Labels);

    private void Add(string file, string text, Func<string, SidecarContent?> read)
    {
        try
        {
            if (read(text) is { } content)
            {
                if (content.Labels is { Count: > 0 } names)
                {
                    AddLabels(new(names, file));
                }

                if (content.OtherLabels is { } others)
                {
                    AddLabels(others);
                }

                AddGap(file, content.Gap);
                Need ??= content.Need;
                Preprocessing ??= content.Preprocessing;
                Activation ??= content.Activation;
            }
        }
        catch (FoveaException)
        {
            // The file is understood, and says that the network is no classifier.
            throw;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            notes.Add($"{file} is not used, because it cannot be understood: {e.Message.TrimEnd('.')}.");
        }
    }

    private static JsonObject? Json(string text) => JsonNode.Parse(text) as JsonObject;

    private static string PathOf(string folder, string name)
    {
        try
        {
            return AnyCase.Find(Path.Combine(folder, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{folder} cannot be read: {FileFailure.Reason(e, folder)}.", e);
        }
    }

    private static string TextOf(string path)
    {
        try
        {
            return LabelFiles.Decode(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be read: {FileFailure.Reason(e, path)}.", e);
        }
    }
}
