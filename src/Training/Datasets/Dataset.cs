using System.Security.Cryptography;
using System.Text;
using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Training.Datasets;

/// <summary>A set of labelled images that can be decoded and preprocessed for one network.</summary>
internal abstract class Dataset
{
    /// <summary>The class names, indexed by class.</summary>
    public abstract IReadOnlyList<string> Labels { get; }

    /// <summary>
    /// The class index of each image, 0 to <see cref="Labels"/>.Count - 1. If images can have several labels, it is the image's first
    /// label, or 0 for an image without labels.
    /// </summary>
    public abstract IReadOnlyList<int> Targets { get; }

    /// <summary>
    /// The class indices of each image in ascending order, if an image can have several labels or none; null if each image has one class.
    /// </summary>
    public virtual IReadOnlyList<IReadOnlyList<int>>? LabelSets => null;

    /// <summary>Describes how an image becomes the network's input.</summary>
    public abstract Preprocessing Preprocessing { get; }

    /// <summary>The files that were left out because they are not readable images.</summary>
    public virtual IReadOnlyList<SkippedFile> Refused => [];

    /// <summary>The number of images.</summary>
    public int Count => Targets.Count;

    /// <summary>
    /// Returns a decoded image. If the preprocessing inverts handwriting automatically, the image is already cropped to its ink.
    /// Thread-safe.
    /// </summary>
    /// <param name="index">The index of the image, from 0.</param>
    /// <exception cref="FoveaException">The image cannot be read any more; the message names its file.</exception>
    public abstract Pixels Image(int index);

    /// <summary>Returns the path of an image's file, or the image's position within a file of many, for messages and reports.</summary>
    public abstract string Source(int index);

    /// <summary>Returns the path of an image's own file; null for an image within a file of many.</summary>
    public virtual string? FileOf(int index) => null;

    /// <summary>Preprocesses an image. Thread-safe.</summary>
    /// <param name="index">The index of the image, from 0.</param>
    /// <param name="tensor">Receives the network's input, [C, H, W].</param>
    /// <exception cref="FoveaException">The image cannot be read any more; the message names its file.</exception>
    public void Read(int index, Span<float> tensor)
    {
        var fitting = Preprocessing with { Invert = Inversion.Never };
        Preprocessor.Normalize(Preprocessor.Fit(Image(index), fitting), fitting, tensor);
    }

    /// <summary>Returns a data set of the images at <paramref name="indices"/>, in that order.</summary>
    public Dataset Subset(IReadOnlyList<int> indices) => new DatasetSubset(this, indices);

    /// <summary>Returns the images of several data sets with the same labels and preprocessing, one set after the other.</summary>
    /// <param name="parts">The data sets, at least one.</param>
    public static Dataset Joined(IReadOnlyList<Dataset> parts) => new JoinedDataset(parts);

    /// <summary>Returns the same images with the classes of a model. <see cref="ClassNames.Match"/> finds the class by its name.</summary>
    /// <param name="labels">The labels of the model, indexed by output.</param>
    /// <exception cref="FoveaException">The model lacks the class of an image.</exception>
    public Dataset MatchedWith(IReadOnlyList<string> labels) => new MatchedDataset(this, labels);

    /// <summary>
    /// Returns the SHA-256 of the labels and images in their order, in lower-case hexadecimal. Two data sets with the same hash train the
    /// same network.
    /// </summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', Labels)));
        for (int i = 0; i < Count; i++)
        {
            foreach (int label in LabelSets?[i] ?? [Targets[i]])
            {
                hash.AppendData(BitConverter.GetBytes(label));
            }

            hash.AppendData(Digest(i));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Returns the SHA-256 of an image's bytes as they are stored, 32 bytes.</summary>
    protected abstract byte[] Digest(int index);

    private sealed class MatchedDataset : Dataset
    {
        private readonly Dataset whole;

        public MatchedDataset(Dataset whole, IReadOnlyList<string> labels)
        {
            int[] occurring = [.. (whole.LabelSets?.SelectMany(set => set) ?? whole.Targets).Distinct().Order()];
            var outputs = occurring.Zip(ClassNames.Match([.. occurring.Select(i => whole.Labels[i])], labels)).ToDictionary();
            (this.whole, Labels) = (whole, labels);
            LabelSets = whole.LabelSets is { } sets ? [.. sets.Select(set => set.Select(i => outputs[i]).Order().ToArray())] : null;
            Targets = [.. whole.Targets.Select(i => outputs.GetValueOrDefault(i))];
        }

        public override IReadOnlyList<string> Labels { get; }

        public override IReadOnlyList<int> Targets { get; }

        public override IReadOnlyList<IReadOnlyList<int>>? LabelSets { get; }

        public override Preprocessing Preprocessing => whole.Preprocessing;

        public override Pixels Image(int index) => whole.Image(index);

        public override string Source(int index) => whole.Source(index);

        public override string? FileOf(int index) => whole.FileOf(index);

        protected override byte[] Digest(int index) => whole.Digest(index);
    }

    private sealed class JoinedDataset(IReadOnlyList<Dataset> parts) : Dataset
    {
        private readonly (Dataset Part, int Index)[] places =
            [.. parts.SelectMany(part => Enumerable.Range(0, part.Count).Select(i => (part, i)))];

        public override IReadOnlyList<string> Labels => parts[0].Labels;

        public override Preprocessing Preprocessing => parts[0].Preprocessing;

        public override IReadOnlyList<SkippedFile> Refused { get; } = [.. parts.SelectMany(part => part.Refused)];

        public override IReadOnlyList<int> Targets { get; } = [.. parts.SelectMany(part => part.Targets)];

        public override IReadOnlyList<IReadOnlyList<int>>? LabelSets { get; } = parts.All(part => part.LabelSets is null)
            ? null
            : [.. parts.SelectMany(part => part.LabelSets ?? [.. part.Targets.Select(target => new[] { target })])];

        public override Pixels Image(int index) => places[index].Part.Image(places[index].Index);

        public override string Source(int index) => places[index].Part.Source(places[index].Index);

        public override string? FileOf(int index) => places[index].Part.FileOf(places[index].Index);

        protected override byte[] Digest(int index) => places[index].Part.Digest(places[index].Index);
    }

    private sealed class DatasetSubset(Dataset whole, IReadOnlyList<int> indices) : Dataset
    {
        public override IReadOnlyList<string> Labels => whole.Labels;

        public override Preprocessing Preprocessing => whole.Preprocessing;

        public override IReadOnlyList<int> Targets { get; } = [.. indices.Select(i => whole.Targets[i])];

        public override IReadOnlyList<IReadOnlyList<int>>? LabelSets { get; } =
            whole.LabelSets is { } sets ? [.. indices.Select(i => sets[i])] : null;

        public override Pixels Image(int index) => whole.Image(indices[index]);

        public override string Source(int index) => whole.Source(indices[index]);

        public override string? FileOf(int index) => whole.FileOf(indices[index]);

        protected override byte[] Digest(int index) => whole.Digest(indices[index]);
    }
}
