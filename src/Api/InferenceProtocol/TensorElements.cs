using Fovea.Api.Problems;

namespace Fovea.Api.InferenceProtocol;

/// <summary>
/// The elements of a tensor in a request, in one of the forms in which they are sent: as JSON, as raw bytes, or in a gRPC message. They are
/// read only after the tensor's name, type and shape have been checked.
/// </summary>
internal abstract class TensorElements
{
    /// <summary>Reads the elements as numbers, in the order in which they arrive. They need not be finite.</summary>
    /// <param name="name">The tensor's name, for messages.</param>
    /// <param name="type">The type of the elements that the request declares.</param>
    /// <param name="count">The number of elements that the shape requires. Memory is reserved only for numbers that have arrived.</param>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: there are more or fewer elements than expected, or some have another type.
    /// </exception>
    public abstract float[] Numbers(string name, Datatype type, long count);

    /// <summary>Reads the elements as files.</summary>
    /// <param name="name">The tensor's name, for messages.</param>
    /// <param name="count">The number of elements that the shape requires. Reading may stop after one element more.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: an element is not a file.</exception>
    public abstract IReadOnlyList<ReadOnlyMemory<byte>> Files(string name, int count);

    /// <summary>Refuses elements that do not fit the shape.</summary>
    /// <param name="fits">Whether the elements fit the shape.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="found">The elements in the data, such as <c>3 numbers</c>.</param>
    /// <param name="expected">The elements that the shape requires.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>.</exception>
    public static void RefuseUnless(bool fits, string name, string found, string expected)
    {
        if (!fits)
        {
            throw InferRequest.Malformed($"The data of {name} has {found}; expected {expected}, as its shape requires.");
        }
    }

    /// <summary>Rounds a number to its type.</summary>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the type has only whole numbers, and the number is not one of them.
    /// </exception>
    protected static float Rounded(string name, Datatype type, float number) =>
        type.Rounded(number) is var rounded && (rounded == number || !type.IsWhole)
            ? rounded
            : throw InferRequest.Malformed(
                FormattableString.Invariant($"The data of {name} holds {number}; expected numbers of {type.Name}."));
}
