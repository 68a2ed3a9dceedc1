using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Training.Datasets;

namespace Fovea.Training.DataQuality;

/// <summary>The images of a data set with the measures, copies and predictions that the checks use.</summary>
internal sealed class CheckedImages
{
    private readonly string folder;
    private readonly string?[] parts;

    private CheckedImages(string folder, string name, Dataset all, string?[] parts, ImageMeasures[] measures, IReadOnlyList<int[]> copies)
    {
        (this.folder, Name, All, this.parts, Measures, Copies) = (folder, name, all, parts, measures, copies);
        Sizes = [.. all.Labels.Select((label, i) => new ClassSize(label, Enumerable.Range(0, all.Count).Count(image => Has(image, i))))];
    }

    private CheckedImages(CheckedImages other) =>
        (folder, Name, All, parts, Measures, Copies, Sizes) =
            (other.folder, other.Name, other.All, other.parts, other.Measures, other.Copies, other.Sizes);

    /// <summary>The data set's name.</summary>
    public string Name { get; }

    /// <summary>The images of all parts.</summary>
    public Dataset All { get; }

    public IReadOnlyList<ImageMeasures> Measures { get; }

    /// <summary>The groups of images that are copies of each other.</summary>
    public IReadOnlyList<int[]> Copies { get; }

    /// <summary>The classes with their numbers of images.</summary>
    public IReadOnlyList<ClassSize> Sizes { get; }

    /// <summary>Predictions by a classifier that was not trained on the images; null if there are none.</summary>
    public JudgedLabels? Judged { get; private init; }

    /// <summary>Measures images and finds copies.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="name">The data set's name.</param>
    /// <param name="parts">The parts (train, val and test) with their images.</param>
    /// <param name="stop">Cancels the work.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static CheckedImages Of(
        string folder, string name, IReadOnlyList<(DataPart? Part, Dataset Images)> parts, CancellationToken stop)
    {
        var all = Dataset.Joined([.. parts.Select(part => part.Images)]);
        var measures = ImageMeasures.All(all, stop);
        string?[] names = [.. parts.SelectMany(part => Enumerable.Repeat(NameOf(part.Part), part.Images.Count))];
        return new(folder, name, all, names, measures, CopyGroups.Of(measures, HaveSameLabels, stop));

        bool HaveSameLabels(int a, int b) =>
            all.LabelSets is { } sets ? sets[a].ToHashSet().SetEquals(sets[b]) : all.Targets[a] == all.Targets[b];
    }

    /// <summary>Returns the same images with predictions.</summary>
    public CheckedImages With(JudgedLabels? judged) => new(this) { Judged = judged };

    /// <summary>The name of the part that an image is in; null if the data set is not divided.</summary>
    public string? PartOf(int image) => parts[image];

    /// <summary>Describes an image for a finding.</summary>
    public HealthImage Describe(int image) =>
        new(PathOf(All.FileOf(image)) ?? All.Source(image), LabelsOf(image), parts[image]) { Index = image };

    /// <summary>Returns a file's path relative to the data set's folder, with slashes; null if <paramref name="file"/> is null.</summary>
    public string? PathOf(string? file) =>
        file is null ? null : Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>The names of an image's labels.</summary>
    public string[] LabelsOf(int image) =>
        All.LabelSets is { } sets ? [.. sets[image].Select(label => All.Labels[label])] : [All.Labels[All.Targets[image]]];

    private bool Has(int image, int label) => All.LabelSets is { } sets ? sets[image].Contains(label) : All.Targets[image] == label;

    private static string? NameOf(DataPart? part) => part switch
    {
        DataPart.Train => "train",
        DataPart.Validation => "val",
        DataPart.Test => "test",
        _ => null,
    };
}
