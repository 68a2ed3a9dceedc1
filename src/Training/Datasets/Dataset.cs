using System.Security.Cryptography;
using System.Text;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Labelled images, decoded for a network.</summary>
internal abstract class Dataset
{
    /// <summary>The classes' names, in the order of their numbers.</summary>
    public abstract IReadOnlyList<string> Labels { get; }

    /// <summary>The class of each image.</summary>
    public abstract IReadOnlyList<int> Targets { get; }

    /// <summary>How each image becomes the input.</summary>
    public abstract Preprocessing Preprocessing { get; }

    /// <summary>Files that were left out, since they are no images that can be read.</summary>
    public virtual IReadOnlyList<RefusedFile> Refused => [];

    /// <summary>The number of images.</summary>
    public int Count => Targets.Count;

    /// <summary>An image as it was decoded, its ink framed already where the preprocessing asks for that. May be called from many threads.</summary>
    /// <exception cref="FoveaException">It cannot be read any more; the message names its file.</exception>
    public abstract Pixels Image(int index);

    /// <summary>The file that an image comes from, or its place in one, for people to find it.</summary>
    public abstract string Source(int index);

    /// <summary>Writes an image as [C, H, W], preprocessed. May be called from many threads.</summary>
    /// <exception cref="FoveaException">It cannot be read any more; the message names its file.</exception>
    public void Read(int index, Span<float> tensor)
    {
        var fitting = Preprocessing with { Invert = Inversion.Never };
        Preprocessor.Normalize(Preprocessor.Fit(Image(index), fitting), fitting, tensor);
    }

    /// <summary>Some of the images, in the order given.</summary>
    public Dataset Subset(IReadOnlyList<int> indices) => new Part(this, indices);

    /// <summary>SHA-256 over labels and images in their order, in hexadecimal: two data sets with the same hash train the same network.</summary>
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

    /// <summary>SHA-256 of an image's own bytes, as they are stored.</summary>
    protected abstract byte[] Digest(int index);

    private sealed class Part(Dataset whole, IReadOnlyList<int> indices) : Dataset
    {
        public override IReadOnlyList<string> Labels => whole.Labels;

        public override Preprocessing Preprocessing => whole.Preprocessing;

        public override IReadOnlyList<int> Targets { get; } = [.. indices.Select(i => whole.Targets[i])];

        public override Pixels Image(int index) => whole.Image(indices[index]);

        public override string Source(int index) => whole.Source(indices[index]);

        protected override byte[] Digest(int index) => whole.Digest(indices[index]);
    }
}

/// <summary>A file that was left out of a data set, and why.</summary>
internal sealed record RefusedFile(string File, string Reason);
