using System.Collections.Immutable;

namespace Fovea.Models;

/// <summary>
/// The dimensions of a tensor, outermost first: images are [N, C, H, W]. A dimension of
/// <see cref="Free"/> (-1) is settled only when the graph runs, as the batch is. The default value is
/// <see cref="Unknown"/>: not even the rank is known.
/// </summary>
public readonly struct Shape(params ReadOnlySpan<int> dimensions) : IEquatable<Shape>
{
    /// <summary>A dimension that is not known before the graph runs.</summary>
    public const int Free = -1;

    /// <summary>A shape of which nothing is known, as behind an operator that Fovea does not know.</summary>
    public static readonly Shape Unknown;

    /// <summary>The shape of a single number: no dimensions.</summary>
    public static readonly Shape Scalar = new([]);

    private readonly ImmutableArray<int> dimensions = [.. dimensions];

    /// <summary>The dimensions, outermost first; empty for a scalar and where the rank is unknown.</summary>
    public ImmutableArray<int> Dimensions => dimensions.IsDefault ? [] : dimensions;

    /// <summary>How many dimensions there are; 0 for a scalar.</summary>
    public int Rank => Dimensions.Length;

    /// <summary>One dimension; a negative <paramref name="axis"/> counts from the end.</summary>
    public int this[int axis] => Dimensions[axis < 0 ? axis + Rank : axis];

    /// <summary>Whether the rank is known.</summary>
    public bool IsRanked => !dimensions.IsDefault;

    /// <summary>Whether the rank and every dimension are known.</summary>
    public bool IsKnown => IsRanked && !dimensions.Contains(Free);

    /// <summary>The number of elements.</summary>
    /// <exception cref="InvalidOperationException">A dimension is free or the rank unknown.</exception>
    public long Size => IsKnown
        ? Dimensions.Aggregate(1L, (product, dimension) => checked(product * dimension))
        : throw new InvalidOperationException($"The size of {this} is not known.");

    /// <summary>The same shape with one dimension replaced.</summary>
    public Shape With(int axis, int dimension) => new(Dimensions.SetItem(axis < 0 ? axis + Rank : axis, dimension).AsSpan());

    /// <summary>The dimensions as ONNX writes them in a tensor.</summary>
    public long[] ToInt64() => [.. Dimensions.Select(d => (long)d)];

    /// <inheritdoc/>
    public bool Equals(Shape other) => IsRanked == other.IsRanked && Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Dimensions.Aggregate(Rank, HashCode.Combine);

    /// <summary>For example <c>[N, 6, 24, 24]</c>: a free dimension is shown as N; <c>?</c> where the rank is unknown.</summary>
    public override string ToString() => IsRanked ? $"[{string.Join(", ", dimensions.Select(d => d == Free ? "N" : $"{d}"))}]" : "?";

    /// <summary>Whether two shapes are equal in every dimension.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether two shapes differ in any dimension.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
