using System.Buffers.Binary;

namespace Fovea.Api.InferenceProtocol;

/// <summary>Elements as bytes: little-endian numbers, or image files that each follow four bytes with their length.</summary>
/// <param name="bytes">The bytes of all elements, without any other bytes.</param>
internal sealed class RawElements(ReadOnlyMemory<byte> bytes) : TensorElements
{
    /// <inheritdoc/>
    public override float[] Numbers(string name, Datatype type, long count)
    {
        RefuseUnless(bytes.Length == count * type.Size, name, $"{bytes.Length} bytes", $"{count * type.Size}");
        var numbers = new float[count];
        type.Read(bytes.Span, numbers);
        return numbers;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ReadOnlyMemory<byte>> Files(string name, int count)
    {
        var files = new List<ReadOnlyMemory<byte>>();
        var left = bytes;
        while (!left.IsEmpty && files.Count <= count)
        {
            long length = left.Length < sizeof(uint) ? long.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(left.Span);
            RefuseUnless(
                length <= left.Length - sizeof(uint),
                name,
                "an element that ends after the body",
                "elements that each follow four bytes with their length");
            files.Add(left.Slice(sizeof(uint), (int)length));
            left = left[(sizeof(uint) + (int)length)..];
        }

        return files;
    }
}
