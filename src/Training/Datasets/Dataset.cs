using System.Security.Cryptography;
using System.Text;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>A set of labelled images that can be decoded and preprocessed for one network.</summary>
internal abstract class Dataset
{
    /// <summary>The class names, indexed by class.</summary>
    public abstract IReadOnlyList<string> Labels { get; }

    /// <summary>The class index of each image, 0 to <see cref="Labels"/>.Count - 1.</summary>
    public abstract IReadOnlyList<int> Targets { get; }

    /// <summary>How an image becomes the network's input.</summary>
    public abstract Preprocessing Preprocessing { get; }

    /// <summary>The files that were left out because they are not readable images.</summary>
    public virtual IReadOnlyList<RefusedFile> Refused => [];

    /// <summary>The number of images.</summary>
    public int Count => Targets.Count;

    /// <summary>
    /// Returns a decoded image. If the preprocessing inverts handwriting automatically, the image is already cropped to its ink.
    /// Thread-safe.
    /// </summary>
    /// <param name="index">The image, from 0.</param>
    /// <exception cref="FoveaException">The image cannot be read any more; the message names its file.</exception>
    public abstract Pixels Image(int index);

    /// <summary>Returns the path of an image's file, or the image's position within a file of many, for messages and reports.</summary>
    public abstract string Source(int index);

    /// <summary>Preprocesses an image. Thread-safe.</summary>
    /// <param name="index">The image, from 0.</param>
    /// <param name="tensor">Receives the network's input, [C, H, W].</param>
    /// <exception cref="FoveaException">The image cannot be read any more; the message names its file.</exception>
    public void Read(int index, Span<float> tensor)
    {
        var fitting = Preprocessing with { Invert = Inversion.Never };
        Preprocessor.Normalize(Preprocessor.Fit(Image(index), fitting), fitting, tensor);
    }

    /// <summary>Returns a data set of the images at <paramref name="indices"/>, in that order.</summary>
    public Dataset Subset(IReadOnlyList<int> indices) => new DatasetSubset(this, indices);

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
            hash.AppendData(BitConverter.GetBytes(Targets[i]));
            hash.AppendData(Digest(i));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Returns the SHA-256 of an image's bytes as they are stored, 32 bytes.</summary>
    protected abstract byte[] Digest(int index);

    private sealed class DatasetSubset(Dataset whole, IReadOnlyList<int> indices) : Dataset
    {
        public override IReadOnlyList<string> Labels => whole.Labels;

        public override Preprocessing Preprocessing => whole.Preprocessing;

        public override IReadOnlyList<int> Targets { get; } = [.. indices.Select(i => whole.Targets[i])];

        public override Pixels Image(int index) => whole.Image(indices[index]);

        public override string Source(int index) => whole.Source(indices[index]);

        protected override byte[] Digest(int index) => whole.Digest(indices[index]);
    }
}

/// <summary>A file that was left out of a data set.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Reason">Why the file is not a readable image, as a sentence.</param>
internal sealed record RefusedFile(string File, string Reason);
