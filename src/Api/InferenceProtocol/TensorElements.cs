using Fovea.Api.Problems;

namespace Fovea.Api.InferenceProtocol;

/// <summary>
/// The elements of a tensor in a request, in a form in which a protocol carries them: text, bytes or messages. They are read only after
/// the tensor's name, type and shape have been checked.
/// </summary>
internal abstract class TensorElements
{
    /// <summary>Reads the elements as numbers, in the order in which they arrive. They need not be finite.</summary>
    /// <param name="name">The tensor's name, for messages.</param>
    /// <param name="type">The type that the request gives them.</param>
    /// <param name="count">The expected number, from the shape. Memory is reserved only for numbers that have arrived.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: there are more or fewer, or some have another
    /// type.</exception>
    public abstract float[] Numbers(string name, Datatype type, long count);

    /// <summary>Reads the elements as files.</summary>
    /// <param name="name">The tensor's name, for messages.</param>
    /// <param name="count">The expected number, from the shape; a form may stop reading after one more.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: an element is no file.</exception>
    public abstract IReadOnlyList<ReadOnlyMemory<byte>> Files(string name, int count);

    /// <summary>Refuses elements that do not fit the shape.</summary>
    /// <param name="fits">Whether they fit.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="found">What the data have, such as <c>3 numbers</c>.</param>
    /// <param name="expected">What the shape says.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>.</exception>
    public static void RefuseUnless(bool fits, string name, string found, string expected)
    {
        if (!fits)
        {
            throw InferRequest.Malformed($"The data of {name} has {found}; expected {expected}, as its shape says.");
        }
    }

    /// <summary>Rounds a number to its type.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: a type of whole numbers does not have
    /// it.</exception>
    protected static float Rounded(string name, Datatype type, float number) =>
        type.Rounded(number) is var rounded && (rounded == number || !type.IsWhole)
            ? rounded
            : throw InferRequest.Malformed(
                FormattableString.Invariant($"The data of {name} holds {number}; expected numbers of {type.Name}."));
}
