using System.Collections.Immutable;
using Fovea.Models.Graphs;

namespace Fovea.Models.Weights;

/// <summary>A reference to the elements of one or several tensors, which are stored outside the pickle under a key.</summary>
/// <param name="Type">The type of the elements.</param>
/// <param name="Key">The key, unique in the file.</param>
/// <param name="Count">The number of elements.</param>
internal sealed record TorchStorage(ElementType Type, string Key, long Count);

/// <summary>A strided view of a storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Offset">The position of the first element, in elements.</param>
/// <param name="Size">The dimensions.</param>
/// <param name="Strides">The distance between neighbours along each axis, in elements.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, ImmutableArray<long> Size, ImmutableArray<long> Strides);
