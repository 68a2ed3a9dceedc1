using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Labelled images, each ready as a network's input.</summary>
internal abstract class Dataset
{
    /// <summary>The classes' names, in the order of their numbers.</summary>
    public abstract IReadOnlyList<string> Labels { get; }

    /// <summary>The class of each image.</summary>
    public abstract IReadOnlyList<int> Targets { get; }

    /// <summary>How each image becomes the input.</summary>
    public abstract Preprocessing Preprocessing { get; }

    /// <summary>Whether the images show handwriting, so that a network for it may look for the ink in them.</summary>
    public abstract bool IsHandwriting { get; }

    /// <summary>The number of images.</summary>
    public int Count => Targets.Count;

    /// <summary>Writes an image as [C, H, W], preprocessed. May be called from many threads.</summary>
    /// <exception cref="FoveaException">The image cannot be decoded; the message names its file.</exception>
    public abstract void Read(int index, Span<float> tensor);

    /// <summary>What to call an image: its file within the data set, or its number.</summary>
    public virtual string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"image {index}");

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
            AppendImage(hash, i);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Adds an image's own bytes, as they are stored, to a hash.</summary>
    protected abstract void AppendImage(IncrementalHash hash, int index);

    private sealed class Part(Dataset whole, IReadOnlyList<int> indices) : Dataset
    {
        public override IReadOnlyList<string> Labels => whole.Labels;

        public override Preprocessing Preprocessing => whole.Preprocessing;

        public override bool IsHandwriting => whole.IsHandwriting;

        public override IReadOnlyList<int> Targets { get; } = [.. indices.Select(i => whole.Targets[i])];

        public override void Read(int index, Span<float> tensor) => whole.Read(indices[index], tensor);

        public override string Name(int index) => whole.Name(indices[index]);

        protected override void AppendImage(IncrementalHash hash, int index) => whole.AppendImage(hash, indices[index]);
    }
}
