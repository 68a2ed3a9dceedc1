using System.Collections.Immutable;

namespace Fovea.Models.Graphs;

/// <summary>
/// The dimensions of a tensor, outermost first: images are [N, C, H, W]. A <see cref="Free"/> dimension (-1), such as the batch size, is
/// known only when the graph runs. The default value is <see cref="Unknown"/>: not even the rank is known.
/// </summary>
public readonly struct Shape(params ReadOnlySpan<int> dimensions) : IEquatable<Shape>
{
    /// <summary>The value of a dimension that is not known before the graph runs.</summary>
    public const int Free = -1;

    /// <summary>A shape of unknown rank, for example of the output of an operator without a shape rule.</summary>
    public static readonly Shape Unknown;

    /// <summary>The shape of a single number. It has no dimensions.</summary>
    public static readonly Shape Scalar = new([]);

    private readonly ImmutableArray<int> dimensions = [.. dimensions];

    /// <summary>The dimensions, outermost first; empty for a scalar and for a shape of unknown rank.</summary>
    public ImmutableArray<int> Dimensions => dimensions.IsDefault ? [] : dimensions;

    /// <summary>The number of dimensions; 0 for a scalar and for a shape of unknown rank.</summary>
    public int Rank => Dimensions.Length;

    /// <summary>One dimension. A negative <paramref name="axis"/> counts from the end.</summary>
    /// <exception cref="IndexOutOfRangeException">The axis is not -Rank to Rank - 1.</exception>
    public int this[int axis] => Dimensions[axis < 0 ? axis + Rank : axis];

    /// <summary>Whether the rank is known.</summary>
    public bool IsRanked => !dimensions.IsDefault;

    /// <summary>Whether the rank and every dimension are known.</summary>
    public bool IsKnown => IsRanked && !dimensions.Contains(Free);

    /// <summary>The number of elements.</summary>
    /// <exception cref="InvalidOperationException">A dimension is free, or the rank is unknown.</exception>
    /// <exception cref="OverflowException">The number exceeds 2^63 - 1.</exception>
    public long Size => IsKnown
        ? Dimensions.Aggregate(1L, (product, dimension) => checked(product * dimension))
        : throw new InvalidOperationException($"The number of elements of the shape {this} is not known.");

    /// <summary>The product of the dimensions from an axis on; <c>null</c> if a dimension is free, or if the rank is unknown.</summary>
    internal long? KnownSize(int from = 0) => IsRanked && !Dimensions.Skip(from).Contains(Free)
        ? Dimensions.Skip(from).Aggregate(1L, (product, dimension) => product * dimension)
        : null;

    /// <summary>The same shape with one dimension replaced. A negative <paramref name="axis"/> counts from the end.</summary>
    public Shape With(int axis, int dimension) => new(Dimensions.SetItem(axis < 0 ? axis + Rank : axis, dimension).AsSpan());

    /// <summary>The dimensions as 64-bit integers, the type of shapes in ONNX.</summary>
    public long[] ToInt64() => [.. Dimensions.Select(d => (long)d)];

    /// <inheritdoc/>
    public bool Equals(Shape other) => IsRanked == other.IsRanked && Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Dimensions.Aggregate(Rank, HashCode.Combine);

    /// <summary>
    /// For example <c>[N, 6, 24, 24]</c>. A free dimension is shown as <c>N</c>, and a shape of unknown rank as <c>?</c>.
    /// </summary>
    public override string ToString() => IsRanked ? $"[{string.Join(", ", dimensions.Select(d => d == Free ? "N" : $"{d}"))}]" : "?";

    /// <summary>Whether two shapes are equal in every dimension.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether two shapes differ in any dimension.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
